import { newId } from '#contracts';
import type { EntityManager } from 'typeorm';
import { PersistenceError, translateConstraints } from '../database/errors.js';
import { firstRow, rows } from '../database/sql.js';
import { appendOutbox, DATA_CENTER_TOPIC } from '../outbox/outbox.js';
import { DataCenterEntity, type DataCenterConnection, type DataCenterRecord, type DataCenterRuntime } from './data-center.entity.js';

export interface NewDataCenter {
  name: string;
  runtime: DataCenterRuntime;
  connection: DataCenterConnection;
  advertiseAddress: string;
  portFrom: number;
  portTo: number;
  subnetPool: string;
}

/** For people, without any secret. */
export function endpointOf(connection: DataCenterConnection): string {
  if ('socketPath' in connection) return `unix:${connection.socketPath}`;
  return 'host' in connection ? `tcp://${connection.host}:${connection.port}` : 'local';
}

/** Gateway. Every tenant may read (to choose where nodes run); writing needs `withPlatform`. */
export class DataCenters {
  constructor(private readonly manager: EntityManager) {}

  /** Throws `nameTaken`. */
  async register(input: NewDataCenter): Promise<DataCenterRecord> {
    const id = newId('dataCenter');
    await translateConstraints(
      { data_centers_name_key: () => new PersistenceError('nameTaken', 'A data center with this name exists.', { name: input.name }) },
      () =>
        this.manager.query(
          `insert into data_centers (id, name, runtime, connection, endpoint, advertise_address, port_from, port_to, subnet_pool)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
          [id, input.name, input.runtime, JSON.stringify(input.connection), endpointOf(input.connection), input.advertiseAddress, input.portFrom, input.portTo, input.subnetPool],
        ),
    );
    await appendOutbox(this.manager, DATA_CENTER_TOPIC, id);
    return this.manager.findOneByOrFail(DataCenterEntity, { id });
  }

  async get(idOrName: string): Promise<DataCenterRecord | null> {
    return this.manager.createQueryBuilder(DataCenterEntity, 'd').where('d.id = :it or d.name = :it', { it: idOrName }).getOne();
  }

  /** By name. */
  async list(): Promise<DataCenterRecord[]> {
    return this.manager.find(DataCenterEntity, { order: { name: 'ASC' } });
  }

  /** Null when there is none of this id. */
  async setCordoned(id: string, cordoned: boolean): Promise<DataCenterRecord | null> {
    await this.manager.query('update data_centers set cordoned = $2 where id = $1', [id, cordoned]);
    await appendOutbox(this.manager, DATA_CENTER_TOPIC, id);
    return this.manager.findOneBy(DataCenterEntity, { id });
  }
}

export type DataCenterSeen = Partial<Pick<DataCenterRecord, 'status' | 'reason' | 'capacity' | 'observedAt'>>;

/** Provisioner: reaches engines, and writes what it saw of them. */
export class DataCenterObservations {
  constructor(private readonly manager: EntityManager) {}

  async list(): Promise<DataCenterRecord[]> {
    return this.manager.find(DataCenterEntity, { order: { id: 'ASC' } });
  }

  async get(id: string): Promise<DataCenterRecord | null> {
    return this.manager.findOneBy(DataCenterEntity, { id });
  }

  /** How the engine is reached, keys included. Throws `notFound`. */
  async connection(id: string): Promise<DataCenterConnection> {
    const row = await firstRow<{ connection: DataCenterConnection }>(this.manager, 'select connection from data_centers where id = $1', [id]);
    if (row === null) throw new PersistenceError('notFound', `There is no data center ${id}.`);
    return row.connection;
  }

  async record(id: string, seen: DataCenterSeen): Promise<void> {
    if (Object.keys(seen).length > 0) await this.manager.update(DataCenterEntity, { id }, seen as object);
  }

  /** How many nodes are wanted in each data center: what placement and the capacity page count with. */
  async nodeCounts(): Promise<Map<string, number>> {
    const found = await rows<{ id: string; count: number }>(
      this.manager, `select data_center_id as id, count(*)::int as count from chain_nodes where wanted = 'running' group by data_center_id`,
    );
    return new Map(found.map((row) => [row.id, row.count]));
  }
}
