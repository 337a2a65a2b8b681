import { to0x, type Bytes, type Header } from '#ledger';

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

/** The newer of the two. */
export function newestHead(head: TrustedHead | undefined, header: Header, hash: Bytes): TrustedHead {
  return head !== undefined && BigInt(head.height) >= header.height ? head : headOf(header, hash);
}
