import type { EntityManager } from 'typeorm';
import type { NodePorts } from '../chains/chain-node.entity.js';
import { PersistenceError } from '../database/errors.js';
import { firstRow, rows } from '../database/sql.js';
import type { DataCenterRecord } from './data-center.entity.js';

const PURPOSES = ['peer', 'control', 'rpc'] as const;

/**
 * Provisioner: host ports of nodes. A port is unique per advertised address, not per data center, since two engines on one
 * host share its ports. A stored port survives restarts, where an engine's own choice would change.
 */
export class PortAllocations {
  constructor(private readonly manager: EntityManager) {}

  /**
   * The node's three ports; the same ones when it has them already. `avoid`: ports known to be taken by something else on
   * the host. Also writes `chain_nodes.ports`. Throws `portsExhausted`.
   */
  async allocate(nodeId: string, dataCenter: DataCenterRecord, avoid: readonly number[] = []): Promise<NodePorts> {
    const held = await this.held(nodeId);
    if (held !== null) return held;
    await this.manager.query(`select pg_advisory_xact_lock(hashtextextended('stele.ports:' || $1, 0))`, [dataCenter.advertiseAddress]);
    const free = await rows<{ port: number }>(
      this.manager,
      `select p as port from generate_series($2::int, $3::int) p
       where p <> all ($4::int[]) and not exists (select 1 from port_allocations a where a.advertise_address = $1 and a.port = p)
       order by p limit $5`,
      [dataCenter.advertiseAddress, dataCenter.portFrom, dataCenter.portTo, avoid, PURPOSES.length],
    );
    const [peer, control, rpc] = free.map((row) => row.port);
    if (peer === undefined || control === undefined || rpc === undefined) {
      throw new PersistenceError('portsExhausted', `Data center ${dataCenter.name} has no free ports left between ${dataCenter.portFrom} and ${dataCenter.portTo}.`, { dataCenterId: dataCenter.id });
    }
    const ports: NodePorts = { peer, control, rpc };
    for (const purpose of PURPOSES) {
      await this.manager.query('insert into port_allocations (advertise_address, port, data_center_id, node_id, purpose) values ($1, $2, $3, $4, $5)', [
        dataCenter.advertiseAddress, ports[purpose], dataCenter.id, nodeId, purpose,
      ]);
    }
    await this.manager.query('update chain_nodes set ports = $2 where id = $1', [nodeId, JSON.stringify(ports)]);
    return ports;
  }

  private async held(nodeId: string): Promise<NodePorts | null> {
    const found = await rows<{ purpose: keyof NodePorts; port: number }>(this.manager, 'select purpose, port from port_allocations where node_id = $1', [nodeId]);
    return found.length === PURPOSES.length ? (Object.fromEntries(found.map((row) => [row.purpose, row.port])) as unknown as NodePorts) : null;
  }

  /** Once the node is gone from its runtime, or before other ports are allocated as these turned out to be taken. */
  async release(nodeId: string): Promise<void> {
    await this.manager.query('delete from port_allocations where node_id = $1', [nodeId]);
    await this.manager.query('update chain_nodes set ports = null where id = $1', [nodeId]);
  }
}

/** Each chain's network in a data center: 61 nodes and the bridge. */
export const CHAIN_SUBNET_PREFIX = 26;

/** Provisioner: subnets of chains' networks, unique over all data centers, as two engines on one host share its routes. */
export class SubnetAllocations {
  constructor(private readonly manager: EntityManager) {}

  /** CIDR such as `10.213.0.64/26`; the same one when the chain has it already. Throws `subnetsExhausted`. */
  async allocate(chainId: string, dataCenter: DataCenterRecord): Promise<string> {
    const held = await firstRow<{ subnet: string }>(this.manager, 'select subnet::text from subnet_allocations where chain_id = $1 and data_center_id = $2', [chainId, dataCenter.id]);
    if (held !== null) return held.subnet;
    await this.manager.query(`select pg_advisory_xact_lock(hashtextextended('stele.subnets', 0))`);
    const free = await firstRow<{ subnet: string }>(
      this.manager,
      `select s.subnet::text from (
         select set_masklen((host(network($1::cidr))::inet + i * 64)::cidr, $2::int) as subnet
         from generate_series(0::bigint, (1::bigint << greatest($2::int - masklen($1::cidr), 0)) - 1) i) s
       where masklen($1::cidr) <= $2::int and not exists (select 1 from subnet_allocations a where a.subnet && s.subnet)
       order by s.subnet limit 1`,
      [dataCenter.subnetPool, CHAIN_SUBNET_PREFIX],
    );
    if (free === null) {
      throw new PersistenceError('subnetsExhausted', `Data center ${dataCenter.name} has no free subnet left in ${dataCenter.subnetPool}.`, { dataCenterId: dataCenter.id });
    }
    await this.manager.query('insert into subnet_allocations (subnet, data_center_id, chain_id) values ($1, $2, $3)', [free.subnet, dataCenter.id, chainId]);
    return free.subnet;
  }

  /** Once the chain's network is gone there. */
  async release(chainId: string, dataCenterId: string): Promise<void> {
    await this.manager.query('delete from subnet_allocations where chain_id = $1 and data_center_id = $2', [chainId, dataCenterId]);
  }
}
