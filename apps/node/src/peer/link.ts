import type { TLSSocket } from 'node:tls';
import { toHex } from '#ledger';
import { encodeFrame, FRAME, FrameReader, type FrameType } from './frames.js';

/** A peer that reads this slowly loses frames: everything that consensus sends is sent again until it is of no use. */
const MAX_WAITING_BYTES = 24 * 1024 * 1024;
const PING_INTERVAL_MS = 5000;
const SILENCE_LIMIT_MS = 16_000;
const PING = encodeFrame(FRAME.ping, new Uint8Array());

/** What may wait of one peer to be handled, of each kind, before we stop reading from it. */
const MAX_UNHANDLED = {
  consensus: { messages: 1000, bytes: 64 * 1024 * 1024 },
  transactions: { messages: 8, bytes: 64 * 1024 * 1024 },
} as const;
export type UnhandledKind = keyof typeof MAX_UNHANDLED;

export interface LinkEvents {
  frame(link: PeerLink, type: number, payload: Uint8Array): void;
  closed(link: PeerLink, reason: string): void;
}

/** One authenticated connection to one peer: frames in, frames out, both bounded. */
export class PeerLink {
  readonly keyHex: string;
  /** What the peer last said of itself; null until its hello, and nothing else is heard before it. */
  height: bigint | null = null;
  droppedFrames = 0;
  private heardAtMs = Date.now();
  private readonly unhandled = { consensus: { messages: 0, bytes: 0 }, transactions: { messages: 0, bytes: 0 } };
  private readonly pinger: NodeJS.Timeout;
  private ended = false;

  constructor(
    private readonly socket: TLSSocket,
    readonly key: Uint8Array,
    /** Whether we dialled. */
    readonly outbound: boolean,
    private readonly events: LinkEvents,
  ) {
    this.keyHex = toHex(key);
    const reader = new FrameReader((type, payload) => {
      if (!this.ended && type !== FRAME.ping) events.frame(this, type, payload);
    });
    socket.on('data', (chunk: Buffer) => {
      this.heardAtMs = Date.now();
      try {
        reader.push(chunk);
      } catch (error) {
        this.close(error instanceof Error ? error.message : String(error));
      }
    });
    socket.on('error', (error) => this.close(error.message));
    socket.on('close', () => this.close('closed by the peer'));
    this.pinger = setInterval(() => this.ping(), PING_INTERVAL_MS);
    this.pinger.unref();
  }

  get closed(): boolean {
    return this.ended;
  }

  /** Sends one frame, or drops it where too much waits already. */
  send(frame: Buffer): boolean {
    if (this.ended) return false;
    if (this.socket.writableLength > MAX_WAITING_BYTES) {
      this.droppedFrames += 1;
      return false;
    }
    this.socket.write(frame);
    return true;
  }

  sendPayload(type: FrameType, payload: Uint8Array): boolean {
    return this.send(encodeFrame(type, payload));
  }

  /** How much is on its way out: who answers long requests waits until it is little. */
  get waitingBytes(): number {
    return this.socket.writableLength;
  }

  /** A message of this peer waits to be handled; where too many do, or too large ones, nothing is read until half of them are. */
  hold(kind: UnhandledKind, bytes: number): void {
    const unhandled = this.unhandled[kind];
    unhandled.messages += 1;
    unhandled.bytes += bytes;
    if (this.fullness >= 1) this.socket.pause();
  }

  release(kind: UnhandledKind, bytes: number): void {
    const unhandled = this.unhandled[kind];
    unhandled.messages -= 1;
    unhandled.bytes -= bytes;
    if (this.socket.isPaused() && this.fullness <= 0.5) this.socket.resume();
  }

  /** Of what may wait, the part that does, by the bound that is nearest. */
  private get fullness(): number {
    const { consensus, transactions } = this.unhandled;
    return Math.max(
      consensus.messages / MAX_UNHANDLED.consensus.messages, consensus.bytes / MAX_UNHANDLED.consensus.bytes,
      transactions.messages / MAX_UNHANDLED.transactions.messages, transactions.bytes / MAX_UNHANDLED.transactions.bytes,
    );
  }

  close(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.pinger);
    this.socket.destroy();
    this.events.closed(this, reason);
  }

  private ping(): void {
    // A socket that we ourselves do not read says nothing about its peer.
    if (!this.socket.isPaused() && Date.now() - this.heardAtMs > SILENCE_LIMIT_MS) this.close('silent for too long');
    else this.send(PING);
  }
}
