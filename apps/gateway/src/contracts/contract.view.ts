import type { ContractSummary, ContractView } from '#contracts';
import type { ContractListRecord, ContractRecord } from '#persistence';

export function contractSummary(record: ContractListRecord): ContractSummary {
  return {
    id: record.id,
    chainId: record.chainId,
    tenantId: record.tenantId,
    name: record.name,
    status: record.status,
    reason: record.reason,
    address: record.address,
    transactionHash: record.transactionHash,
    blockNumber: record.blockNumber,
    verification: record.verification,
    createdAt: record.createdAt.toISOString(),
  };
}

export function contractView(record: ContractRecord): ContractView {
  const { source, abi } = record;
  return {
    ...contractSummary(record),
    abi: abi as ContractView['abi'],
    source: source === null ? null : { compiler: source.compiler, contract: source.contract, sources: source.sources, settings: source.settings },
  };
}
