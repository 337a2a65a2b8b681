import type { Params } from '#ledger';

/** The eight u32 of the first word from its low bits on; the second holds maxBlockBytes u32, blockGasLimit u64, txGasLimit u64. */
const LOW = [
  'minBlockIntervalMs', 'heartbeatIntervalMs', 'trailingBlocks', 'trailingIntervalMs', 'proposeTimeoutMs', 'prevoteTimeoutMs', 'precommitTimeoutMs', 'timeoutDeltaMs',
] as const satisfies readonly (keyof Params)[];
const U32 = 0xffff_ffffn;
const U64 = 0xffff_ffff_ffff_ffffn;

/** The chain's parameters as Consortium keeps them and as `setParams` takes them. */
export function paramsToWords(params: Params): { low: bigint; high: bigint } {
  const low = LOW.reduce((word, name, i) => word | (BigInt(params[name]) << BigInt(32 * i)), 0n);
  return { low, high: BigInt(params.maxBlockBytes) | (params.blockGasLimit << 32n) | (params.txGasLimit << 96n) };
}

export function paramsFromWords(low: bigint, high: bigint): Params {
  const numbers = Object.fromEntries(LOW.map((name, i) => [name, Number((low >> BigInt(32 * i)) & U32)])) as Pick<Params, (typeof LOW)[number]>;
  return { ...numbers, maxBlockBytes: Number(high & U32), blockGasLimit: (high >> 32n) & U64, txGasLimit: (high >> 96n) & U64 };
}
