import type { EntityManager } from 'typeorm';
import { PersistenceError } from '../database/errors.js';
import { firstRow, rows } from '../database/sql.js';
import { ChainNodeEntity, type NodeRecord } from './chain-node.entity.js';
import { ChainEntity, ChainMemberEntity, type ChainMemberRecord, type ChainRecord } from './chain.entity.js';

/** The columns of a chain that the provisioner alone writes. */
export type ChainSeen = Partial<Pick<ChainRecord, 'status' | 'reason' | 'observedGeneration' | 'runningAt' | 'observedAt'>>;

/** The columns of a node that the provisioner alone writes (ports: PortAllocations; secret: storeEnrolSecret). */
export type NodeSeen = Partial<
  Pick<NodeRecord, 'status' | 'reason' | 'observedGeneration' | 'publicKey' | 'ports' | 'specHash' | 'endpoints' | 'height' | 'volume' | 'observedAt'>
>;

/** Provisioner: what was seen of chains and nodes. Reads need no lease; writes belong into `withLease`. */
export class ChainObservations {
  constructor(private readonly manager: EntityManager) {}

  /** Everything PostgreSQL knows of one chain; null when there is no such chain. */
  async load(chainId: string): Promise<{ chain: ChainRecord; members: ChainMemberRecord[]; nodes: NodeRecord[] } | null> {
    const chain = await this.manager.findOneBy(ChainEntity, { id: chainId });
    if (chain === null) return null;
    const members = await this.manager.find(ChainMemberEntity, { where: { chainId }, order: { position: 'ASC' } });
    const nodes = await this.manager.find(ChainNodeEntity, { where: { chainId }, order: { id: 'ASC' } });
    return { chain, members, nodes };
  }

  async recordChain(chainId: string, seen: ChainSeen): Promise<void> {
    if (Object.keys(seen).length > 0) await this.manager.update(ChainEntity, { id: chainId }, seen);
  }

  async recordNode(nodeId: string, seen: NodeSeen): Promise<void> {
    if (Object.keys(seen).length > 0) await this.manager.update(ChainNodeEntity, { id: nodeId }, seen as object);
  }

  /**
   * Stores the genesis before its first use; the first one stored stands. Answers what is stored. The file is stored as
   * text in jsonb, founders' signatures left out.
   */
  async storeGenesis(chainId: string, genesisHash: string, genesisFile: Record<string, unknown>): Promise<{ genesisHash: string; genesisFile: Record<string, unknown> }> {
    await this.manager.query('update chains set genesis_hash = $2, genesis_file = $3 where id = $1 and genesis_hash is null', [
      chainId, genesisHash, JSON.stringify(genesisFile),
    ]);
    const stored = await firstRow<{ genesis_hash: string | null; genesis_file: Record<string, unknown> | null }>(
      this.manager, 'select genesis_hash, genesis_file from chains where id = $1', [chainId],
    );
    if (stored?.genesis_hash == null || stored.genesis_file === null) throw new PersistenceError('notFound', `There is no chain ${chainId}.`);
    return { genesisHash: stored.genesis_hash, genesisFile: stored.genesis_file };
  }

  /** Stores the one-time secret before the node is started; the first one stored stands and is answered. */
  async storeEnrolSecret(nodeId: string, secretEnc: string): Promise<string> {
    await this.manager.query('update chain_nodes set enrol_secret_enc = $2 where id = $1 and enrol_secret_enc is null', [nodeId, secretEnc]);
    const stored = await this.enrolSecret(nodeId);
    if (stored === null) throw new PersistenceError('notFound', `There is no node ${nodeId}.`);
    return stored;
  }

  async enrolSecret(nodeId: string): Promise<string | null> {
    return (await firstRow<{ enrol_secret_enc: string | null }>(this.manager, 'select enrol_secret_enc from chain_nodes where id = $1', [nodeId]))?.enrol_secret_enc ?? null;
  }

  /** Forgets the secret once it is spent (genesis installed). */
  async forgetEnrolSecret(nodeId: string): Promise<void> {
    await this.manager.query('update chain_nodes set enrol_secret_enc = null where id = $1', [nodeId]);
  }

  /** Chains where wanted ≠ seen: what the 30 s resync rings for, oldest first. */
  async unsettled(limit: number): Promise<string[]> {
    const found = await rows<{ id: string }>(
      this.manager,
      `select c.id from chains c
       where c.status <> 'deleted' and (
         c.observed_generation <> c.generation
         or c.status in ('pending', 'provisioning', 'awaitingFounders', 'starting', 'deleting')
         or (c.status <> 'failed' and exists (
           select 1 from chain_nodes n where n.chain_id = c.id
             and (n.observed_generation <> n.generation or n.status <> n.wanted))))
       order by c.id limit $1`,
      [limit],
    );
    return found.map((row) => row.id);
  }

  /** Chains that should be running: what the drift check looks at. */
  async running(): Promise<string[]> {
    return (await rows<{ id: string }>(this.manager, `select id from chains where status = 'running' order by id`)).map((row) => row.id);
  }

  /** Every node id that has a row, and whether it may exist in a runtime: what garbage collection compares with. */
  async knownNodes(): Promise<{ id: string; chainId: string; dataCenterId: string; wanted: 'running' | 'removed' }[]> {
    return rows(this.manager, 'select id, chain_id as "chainId", data_center_id as "dataCenterId", wanted from chain_nodes order by id');
  }
}
