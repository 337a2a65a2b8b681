import { equalBytes, toHex, type Bytes } from '../encoding/index.js';
import { SIGN_TAGS } from '../formats/vote.js';
import type { LogRecord, SignRequest } from '../consensus/record.js';

/** `tag | genesisHash | height | round`: what may be signed once. */
const PLACE_BYTES = 45;
const SIGN_BYTES = { proposal: 81, prevote: 78, precommit: 78 } as const;

export type Verdict =
  | { type: 'sign' }
  /** The same was signed before: this is its signature. */
  | { type: 'stored'; signature: Bytes }
  | { type: 'refuse'; why: string };

/**
 * What a key may sign (rule 11), whatever the rest of the program does: in one height, round and kind one message only, of this
 * chain only, and nothing of a height that was let go. It believes the bytes, not what is said about them. Pure.
 */
export class SigningGuard {
  private readonly signed = new Map<string, { signBytes: Bytes; signature: Bytes }>();
  private floor = 0n;

  /** @param records what was signed before, from the log. */
  constructor(
    private readonly genesisHash: Bytes,
    records: readonly LogRecord[],
  ) {
    for (const record of records) this.remember(record);
  }

  judge(request: SignRequest): Verdict {
    const fault = this.faultOf(request);
    if (fault !== null) return { type: 'refuse', why: fault };
    const before = this.signed.get(placeOf(request.signBytes));
    if (before === undefined) return { type: 'sign' };
    if (equalBytes(before.signBytes, request.signBytes)) return { type: 'stored', signature: before.signature };
    return { type: 'refuse', why: `another ${request.kind} was signed at height ${request.height}, round ${request.round}` };
  }

  /** To be called before the signature goes anywhere. */
  remember({ signBytes, signature }: LogRecord): void {
    this.signed.set(placeOf(signBytes), { signBytes, signature });
  }

  /** A height is decided and durable: nothing of it, nor below it, is signed any more. */
  letGo(height: bigint): void {
    if (height < this.floor) return;
    this.floor = height + 1n;
    for (const [place, { signBytes }] of this.signed) if (heightOf(signBytes) < this.floor) this.signed.delete(place);
  }

  private faultOf({ kind, height, round, signBytes }: SignRequest): string | null {
    if (signBytes.length !== SIGN_BYTES[kind] || signBytes[0] !== SIGN_TAGS[kind]) return `the bytes are no ${kind}'s`;
    if (!equalBytes(signBytes.subarray(1, 33), this.genesisHash)) return 'the bytes are of another chain';
    if (heightOf(signBytes) !== height || roundOf(signBytes) !== round) return `the bytes are of height ${heightOf(signBytes)}, round ${roundOf(signBytes)}; asked was ${height}, ${round}`;
    return height < this.floor ? `height ${height} is decided` : null;
  }
}

function placeOf(signBytes: Bytes): string {
  return toHex(signBytes.subarray(0, PLACE_BYTES));
}

function heightOf(signBytes: Bytes): bigint {
  return new DataView(signBytes.buffer, signBytes.byteOffset).getBigUint64(33);
}

function roundOf(signBytes: Bytes): number {
  return new DataView(signBytes.buffer, signBytes.byteOffset).getUint32(41);
}
