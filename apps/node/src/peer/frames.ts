/**
 * What peers exchange: frames of `length u32 | type u8 | payload`, big-endian, the length counting type and payload. Every
 * payload is one of the ledger's canonical formats or a fixed layout stated here.
 */
export const FRAME = {
  /** `genesisHash[32] | height u64`: first on each connection, and again whenever the height has changed. */
  hello: 1,
  proposal: 2,
  vote: 3,
  certificate: 4,
  skipProof: 5,
  /** Raw transactions: `count u32`, then each with a u32 length. */
  transactions: 6,
  /** Hashes of transactions that the sender holds in its pool: `count u32`, then 32 bytes each. */
  transactionsHeld: 7,
  /** `from u64 | to u64`: asks for decided blocks. */
  blocksWanted: 8,
  /** One decided block: `block length u32 | block | certificate`. */
  decidedBlock: 9,
  ping: 10,
  /** A proposal whose block has no transactions, with a u32 length; then `count u32` and eight bytes of each one's hash. */
  compactProposal: 11,
  /** `height u64 | round u32 | count u32`, then u32 indices: asks for bodies of a proposal that came in the short form. */
  bodiesWanted: 12,
  /** `height u64 | round u32 | count u32`, then each transaction with a u32 length, in the order asked for. */
  bodies: 13,
  /** `from u64 | to u64`: the answer to the request that began at `from` is over; `to` is the last block sent, or `from` − 1. */
  blocksEnd: 14,
  /** Two conflicting messages that one validator signed, as they stand in blocks. */
  evidence: 15,
  /** `id u32 | kind u8 | …`: asks for something of a snapshot (sync/snapshot/protocol.ts). */
  snapshotWanted: 16,
  /** `id u32 | answer`, with a u32 length: nothing where the peer has none of it. */
  snapshotPart: 17,
} as const;

export type FrameType = (typeof FRAME)[keyof typeof FRAME];

export const MAX_FRAME_BYTES = 40 * 1024 * 1024;
const HEADER_BYTES = 5;
/** Smaller chunks are joined: a peer that sends byte by byte would fill memory with objects, a hundred times what it sends. */
const CRUMB_BYTES = 4096;

export function encodeFrame(type: FrameType, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  frame.writeUInt32BE(payload.length + 1, 0);
  frame[4] = type;
  frame.set(payload, HEADER_BYTES);
  return frame;
}

export class FrameError extends Error {}

/** Cuts a stream of chunks into frames. @throws FrameError where a frame is longer than may be, or empty. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private buffered = 0;

  constructor(private readonly onFrame: (type: number, payload: Uint8Array) => void) {}

  /** Chunks that a frame which is not whole yet is kept in. */
  get pieces(): number {
    return this.chunks.length;
  }

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    this.joinCrumbs();
    while (this.buffered >= HEADER_BYTES) {
      const length = this.peekLength();
      if (length < 1 || length > MAX_FRAME_BYTES) throw new FrameError(`a frame of ${length} bytes; at most ${MAX_FRAME_BYTES} may be sent`);
      if (this.buffered < 4 + length) return;
      const frame = this.take(4 + length);
      // A copy of its own: decoded messages keep views of it, and must not keep the socket's large chunk alive.
      const payload = new Uint8Array(frame.subarray(HEADER_BYTES));
      this.onFrame(frame[4] as number, payload);
    }
  }

  /** The last chunk joins the one before while that is no longer than it: so each byte is copied only a few times. */
  private joinCrumbs(): void {
    const { chunks } = this;
    for (let last = chunks.length - 1; last > 0; last--) {
      const [before, crumb] = [chunks[last - 1] as Buffer, chunks[last] as Buffer];
      if (crumb.length >= CRUMB_BYTES || before.length > crumb.length) return;
      chunks.splice(last - 1, 2, Buffer.concat([before, crumb]));
    }
  }

  private peekLength(): number {
    if ((this.chunks[0] as Buffer).length < 4) this.chunks = [Buffer.concat(this.chunks)];
    return (this.chunks[0] as Buffer).readUInt32BE(0);
  }

  private take(bytes: number): Buffer {
    const all = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks);
    const rest = all.subarray(bytes);
    this.chunks = rest.length > 0 ? [rest] : [];
    this.buffered -= bytes;
    return all.subarray(0, bytes);
  }
}
