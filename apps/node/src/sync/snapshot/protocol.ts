import { decodeAll, decodeHeader, decodeValidatorChange, encodeHeader, encodeValidatorChange, LedgerError, Writer, type Bytes, type Header, type ValidatorChange } from '#ledger';
import type { TreePlace } from '#evm';
import { encodeFrame, FRAME } from '../../peer/frames.js';

/** What a node that begins from a snapshot asks for (docs/spec/sync.md, N2). Every decoder throws a LedgerError for what is not canonical. */
export type SnapshotRequest =
  /** Block and certificate of a height. */
  | { kind: 'block'; height: bigint }
  /** Changes of validators that blocks from a height on brought, below another. */
  | { kind: 'changes'; from: bigint; below: bigint }
  /** Headers of a range of heights, the lowest first. */
  | { kind: 'headers'; from: bigint; to: bigint }
  /** A part of the state after a height. */
  | { kind: 'part'; height: bigint; place: TreePlace }
  /** Code by Keccak-256. */
  | { kind: 'codes'; hashes: readonly Bytes[] };

export const MAX_HEADERS = 256;
export const MAX_CODES = 64;
/** EIP-170 allows 24 KiB; genesis may allot more. */
const MAX_CODE_BYTES = 4 * 1024 * 1024;
const MAX_HEADER_BYTES = 4096;
const KINDS = ['block', 'headers', 'part', 'codes', 'changes'] as const;
/** Of one answer; whoever needs more asks from the last one on. */
export const MAX_CHANGES = 64;
const MAX_CHANGE_BYTES = 256 * 1024;
const HASH_BYTES = 32;

export function snapshotWantedFrame(id: number, request: SnapshotRequest): Buffer {
  const writer = new Writer().u32(id).u8(KINDS.indexOf(request.kind));
  if (request.kind === 'block') writer.u64(request.height);
  else if (request.kind === 'headers') writer.u64(request.from).u64(request.to);
  else if (request.kind === 'changes') writer.u64(request.from).u64(request.below);
  else if (request.kind === 'part') writer.u64(request.height).u32(request.place.depth).fixed(request.place.depth === 0 ? NO_KEY : request.place.key, HASH_BYTES);
  else writer.list(request.hashes, MAX_CODES, (hash) => writer.fixed(hash, HASH_BYTES));
  return encodeFrame(FRAME.snapshotWanted, writer.finish());
}

export function decodeSnapshotWanted(payload: Bytes): { id: number; request: SnapshotRequest } {
  return decodeAll(payload, (reader): { id: number; request: SnapshotRequest } => {
    const id = reader.u32();
    const kind = KINDS[reader.u8()];
    switch (kind) {
      case 'block': return { id, request: { kind, height: reader.u64() } };
      case 'headers': return { id, request: { kind, from: reader.u64(), to: reader.u64() } };
      case 'changes': return { id, request: { kind, from: reader.u64(), below: reader.u64() } };
      case 'part': {
        const height = reader.u64();
        const depth = reader.u32();
        return { id, request: { kind, height, place: { depth, key: reader.fixed(HASH_BYTES) } } };
      }
      case 'codes': return { id, request: { kind, hashes: reader.list(MAX_CODES, HASH_BYTES, () => reader.fixed(HASH_BYTES)) } };
      default: throw new LedgerError('badTag', 'a request of no known kind');
    }
  });
}

/** @param answer empty where the peer has none of it. */
export function snapshotPartFrame(id: number, answer: Bytes): Buffer {
  return encodeFrame(FRAME.snapshotPart, new Writer().u32(id).bytes(answer, 0xffff_ffff).finish());
}

export function decodeSnapshotPart(payload: Bytes): { id: number; answer: Bytes } {
  return decodeAll(payload, (reader) => ({ id: reader.u32(), answer: reader.bytes(0xffff_ffff) }));
}

export function encodeHeaders(headers: readonly Header[]): Bytes {
  const writer = new Writer();
  writer.list(headers, MAX_HEADERS, (header) => writer.bytes(encodeHeader(header), MAX_HEADER_BYTES));
  return writer.finish();
}

export function decodeHeaders(bytes: Bytes): Header[] {
  return decodeAll(bytes, (reader) => reader.list(MAX_HEADERS, 4, () => decodeHeader(reader.bytes(MAX_HEADER_BYTES))));
}

export function encodeChanges(changes: readonly ValidatorChange[]): Bytes {
  const writer = new Writer();
  writer.list(changes, MAX_CHANGES, (change) => writer.bytes(encodeValidatorChange(change), MAX_CHANGE_BYTES));
  return writer.finish();
}

export function decodeChanges(bytes: Bytes): ValidatorChange[] {
  return decodeAll(bytes, (reader) => reader.list(MAX_CHANGES, 4, () => decodeValidatorChange(reader.bytes(MAX_CHANGE_BYTES))));
}

export function encodeCodes(codes: readonly Bytes[]): Bytes {
  const writer = new Writer();
  writer.list(codes, MAX_CODES, (code) => writer.bytes(code, MAX_CODE_BYTES));
  return writer.finish();
}

export function decodeCodes(bytes: Bytes): Bytes[] {
  return decodeAll(bytes, (reader) => reader.list(MAX_CODES, 4, () => reader.bytes(MAX_CODE_BYTES)));
}

const NO_KEY = new Uint8Array(HASH_BYTES);
