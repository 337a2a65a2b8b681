import { fromHex } from '#ledger';
import type { ChainMemberRecord, ChainRecord, DataCenterRecord, NodeRecord } from '#persistence';
import type { Runtime } from '#runtime';
import type { DesiredChain } from '../reconcile/model.js';

/** One data center as a chain uses it. */
export interface Site {
  dataCenter: DataCenterRecord;
  runtime: Runtime;
}

/** All that PostgreSQL says about one chain, and the sites that it touches. */
export interface ChainWorld {
  chain: ChainRecord;
  members: readonly ChainMemberRecord[];
  nodes: readonly NodeRecord[];
  /** By data center id. A site that cannot be used is left out; `siteProblems` says why. */
  sites: ReadonlyMap<string, Site>;
  siteProblems: ReadonlyMap<string, string>;
}

export function rawKey(node: NodeRecord): Uint8Array | null {
  return node.publicKey === null ? null : fromHex(node.publicKey);
}

/** The plan's view of the rows. */
export function desiredOf(world: ChainWorld): DesiredChain {
  const { chain, members, nodes } = world;
  return {
    id: chain.id,
    status: chain.status,
    faultModel: chain.faultModel,
    deleteWanted: chain.deletedWanted,
    hasGenesis: chain.genesisHash !== null,
    unsignedFounders: members.filter((member) => member.role === 'founder' && member.founderSignature === null).map((member) => member.governanceAccount),
    nodes: nodes.map((node) => ({
      id: node.id,
      dataCenterId: node.dataCenterId,
      kind: node.kind,
      power: BigInt(node.power),
      wanted: node.wanted,
      publicKey: node.publicKey,
      hasPorts: node.ports !== null,
    })),
  };
}
