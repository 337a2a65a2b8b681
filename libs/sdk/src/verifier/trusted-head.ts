import { equalBytes, fromHex, to0x, type Bytes, type Header } from '#ledger';

/**
 * The newest header that a verifier has accepted, as JSON. A quorum of retired keys could forge a second history from
 * genesis on; whoever keeps a head notices where the two meet.
 */
export interface TrustedHead {
  genesisHash: string;
  /** Decimal u64. */
  height: string;
  blockHash: string;
  /** Decimal u64, milliseconds since 1970. */
  timeMs: string;
}

export function headOf(header: Header, hash: Bytes): TrustedHead {
  return { genesisHash: to0x(header.genesisHash), height: header.height.toString(), blockHash: to0x(hash), timeMs: header.timeMs.toString() };
}

const HASH = /^0x[0-9a-fA-F]{64}$/;
const U64 = /^(0|[1-9][0-9]{0,19})$/;

/** Whether a value read from a file is a head. */
export function isTrustedHead(value: unknown): value is TrustedHead {
  if (value === null || typeof value !== 'object') return false;
  const { genesisHash, height, blockHash, timeMs } = value as Record<string, unknown>;
  const matches = (field: unknown, pattern: RegExp): boolean => typeof field === 'string' && pattern.test(field);
  return matches(genesisHash, HASH) && matches(height, U64) && matches(blockHash, HASH) && matches(timeMs, U64);
}

/**
 * Why a certified header cannot stand in one history with the head, or null. Without the headers between them only this can
 * be seen: another hash at the same height, a broken link to the next height, time that runs backwards.
 */
export function headConflict(head: TrustedHead, header: Header, hash: Bytes): string | null {
  if (!equalBytes(fromHex(head.genesisHash), header.genesisHash)) return 'the trusted head is of another chain';
  const height = BigInt(head.height);
  if (header.height === height) {
    return equalBytes(fromHex(head.blockHash), hash) ? null : `block ${height} is trusted as ${head.blockHash}, the receipt has ${to0x(hash)}: the chain has two histories`;
  }
  if (header.height === height + 1n && !equalBytes(header.prevHash, fromHex(head.blockHash))) {
    return `block ${header.height} does not follow the trusted block ${height}: the chain has two histories`;
  }
  const later = header.height > height;
  if (later !== header.timeMs > BigInt(head.timeMs)) return `block ${header.height} is not ${later ? 'later' : 'earlier'} than the trusted block ${height}: the chain has two histories`;
  return null;
}

/** The newer of the two. */
export function newestHead(head: TrustedHead | undefined, header: Header, hash: Bytes): TrustedHead {
  return head !== undefined && BigInt(head.height) >= header.height ? head : headOf(header, hash);
}
