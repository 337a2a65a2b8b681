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
/** The worst block that this much gas buys takes some 15 s on one core: slow, and over. Above, one proposal might take hours. */
export const MAX_BLOCK_GAS = 1_000_000_000n;

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

export interface ParamsFault {
  field: keyof Params;
  /** Begins with the field's name. */
  message: string;
}

/** Why a chain could never make a block under these parameters, or never stop making one; null where it can. */
export function paramsFault(params: Params): ParamsFault | null {
  for (const field of ['heartbeatIntervalMs', 'proposeTimeoutMs', 'prevoteTimeoutMs', 'precommitTimeoutMs'] as const) {
    if (params[field] === 0) return { field, message: `${field} may not be 0` };
  }
  const { maxBlockBytes, txGasLimit, blockGasLimit } = params;
  if (maxBlockBytes < MIN_BLOCK_BYTES || maxBlockBytes > MAX_BLOCK_BYTES) return { field: 'maxBlockBytes', message: `maxBlockBytes is ${maxBlockBytes}, outside ${MIN_BLOCK_BYTES} … ${MAX_BLOCK_BYTES}` };
  if (txGasLimit < MIN_TX_GAS) return { field: 'txGasLimit', message: `txGasLimit is ${txGasLimit}, below the ${MIN_TX_GAS} of a transfer` };
  if (blockGasLimit > MAX_BLOCK_GAS) return { field: 'blockGasLimit', message: `blockGasLimit is ${blockGasLimit}, above ${MAX_BLOCK_GAS}` };
  return blockGasLimit < txGasLimit ? { field: 'blockGasLimit', message: `blockGasLimit is ${blockGasLimit}, below the txGasLimit of ${txGasLimit}` } : null;
}

/** @throws LedgerError `badParams`, for what {@link paramsFault} names. */
export function checkParams(params: Params): void {
  const fault = paramsFault(params);
  if (fault !== null) throw new LedgerError('badParams', fault.message);
}

/** SHA-256 over the canonical parameters; the header's `paramsHash`. */
export function paramsHash(params: Params): Bytes {
  const writer = new Writer();
  writeParams(writer, params);
  return sha256(writer.finish());
}
