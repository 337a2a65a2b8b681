import { ChainParamsSchema, type ChainMemberView, type ChainView, type NodeView } from '#contracts';
import type { ChainMemberRecord, ChainRecord, NodeRecord } from '#persistence';

function memberView(record: ChainMemberRecord): ChainMemberView {
  return {
    tenantId: record.tenantId,
    role: record.role,
    name: record.name,
    governanceAccount: record.governanceAccount,
    operationsAccount: record.operationsAccount,
    signed: record.founderSignature !== null,
  };
}

export function chainView(record: ChainRecord, members: readonly ChainMemberRecord[]): ChainView {
  return {
    id: record.id,
    name: record.name,
    evmChainId: record.evmChainId,
    faultModel: record.faultModel,
    access: record.access,
    params: ChainParamsSchema.parse(record.params),
    status: record.status,
    reason: record.reason,
    genesisHash: record.genesisHash,
    members: members.filter((member) => member.chainId === record.id).map(memberView),
    rpcPath: `/rpc/${record.id}`,
    createdAt: record.createdAt.toISOString(),
    runningAt: record.runningAt?.toISOString() ?? null,
  };
}

export function nodeView(record: NodeRecord): NodeView {
  return {
    id: record.id,
    chainId: record.chainId,
    tenantId: record.tenantId,
    dataCenterId: record.dataCenterId,
    kind: record.kind,
    power: record.power,
    wanted: record.wanted,
    status: record.status,
    reason: record.reason,
    publicKey: record.publicKey,
    height: record.height,
    observedAt: record.observedAt?.toISOString() ?? null,
  };
}
