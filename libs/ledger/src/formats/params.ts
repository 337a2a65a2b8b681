import { LedgerError, Writer, type Bytes, type Reader } from '../encoding/index.js';
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

const MIN_BLOCK_BYTES = 4096;
export const MAX_BLOCK_BYTES = 32 * 1024 * 1024;
const MIN_TX_GAS = 21_000n;

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
  writer.u8(1);
  for (const field of U32_FIELDS) writer.u32(params[field]);
  writer.u64(params.blockGasLimit).u64(params.txGasLimit);
}

export function readParams(reader: Reader): Params {
  reader.version(1, 'params');
  const params = { ...DEFAULT_PARAMS };
  for (const field of U32_FIELDS) params[field] = reader.u32();
  params.blockGasLimit = reader.u64();
  params.txGasLimit = reader.u64();
  return params;
}

/** Why a chain could never make a block under these parameters, or never stop making them; null where it can. Names the field. */
export function paramsFault(params: Params): string | null {
  for (const field of ['heartbeatIntervalMs', 'proposeTimeoutMs', 'prevoteTimeoutMs', 'precommitTimeoutMs'] as const) {
    if (params[field] === 0) return `${field} may not be 0`;
  }
  if (params.maxBlockBytes < MIN_BLOCK_BYTES || params.maxBlockBytes > MAX_BLOCK_BYTES) return `maxBlockBytes is ${params.maxBlockBytes}, outside ${MIN_BLOCK_BYTES} … ${MAX_BLOCK_BYTES}`;
  if (params.txGasLimit < MIN_TX_GAS) return `txGasLimit is ${params.txGasLimit}, below the ${MIN_TX_GAS} of a transfer`;
  return params.blockGasLimit < params.txGasLimit ? 'blockGasLimit is below txGasLimit' : null;
}

/** @throws LedgerError `badParams`, for what {@link paramsFault} names. */
export function checkParams(params: Params): void {
  const fault = paramsFault(params);
  if (fault !== null) throw new LedgerError('badParams', fault);
}

/** SHA-256 over the canonical parameters; the header's `paramsHash`. */
export function paramsHash(params: Params): Bytes {
  const writer = new Writer();
  writeParams(writer, params);
  return sha256(writer.finish());
}
