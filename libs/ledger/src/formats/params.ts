import type { Bytes, Reader } from '../encoding/index.js';
import { Writer } from '../encoding/index.js';
import { sha256 } from '../crypto/hash.js';

/** What a chain's members may set about its pace and size. Milliseconds and bytes are u32, gas is u64. */
export interface Params {
  /** Least time between two blocks under load. */
  minBlockIntervalMs: number;
  /** An idle chain makes an empty block this often. */
  heartbeatIntervalMs: number;
  /** So many empty blocks follow a block with transactions: deployment tools wait for confirmations. */
  trailingBlocks: number;
  trailingIntervalMs: number;
  proposeTimeoutMs: number;
  prevoteTimeoutMs: number;
  precommitTimeoutMs: number;
  /** Added to each of the three for every round. */
  timeoutDeltaMs: number;
  maxBlockBytes: number;
  blockGasLimit: bigint;
  txGasLimit: bigint;
}

export const DEFAULT_PARAMS: Params = {
  minBlockIntervalMs: 20,
  heartbeatIntervalMs: 60_000,
  trailingBlocks: 6,
  trailingIntervalMs: 1000,
  proposeTimeoutMs: 3000,
  prevoteTimeoutMs: 1000,
  precommitTimeoutMs: 1000,
  timeoutDeltaMs: 500,
  maxBlockBytes: 4 * 1024 * 1024,
  blockGasLimit: 30_000_000n,
  txGasLimit: 1n << 24n,
};

const U32_FIELDS = [
  'minBlockIntervalMs', 'heartbeatIntervalMs', 'trailingBlocks', 'trailingIntervalMs', 'proposeTimeoutMs', 'prevoteTimeoutMs',
  'precommitTimeoutMs', 'timeoutDeltaMs', 'maxBlockBytes',
] as const satisfies readonly (keyof Params)[];

export function writeParams(writer: Writer, params: Params): void {
  for (const field of U32_FIELDS) writer.u32(params[field]);
  writer.u64(params.blockGasLimit).u64(params.txGasLimit);
}

export function readParams(reader: Reader): Params {
  const params = { ...DEFAULT_PARAMS };
  for (const field of U32_FIELDS) params[field] = reader.u32();
  params.blockGasLimit = reader.u64();
  params.txGasLimit = reader.u64();
  return params;
}

/** SHA-256 over the canonical parameters; the header's `paramsHash`. */
export function paramsHash(params: Params): Bytes {
  const writer = new Writer();
  writeParams(writer, params);
  return sha256(writer.finish());
}
