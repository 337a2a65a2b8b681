import type { TLSSocket } from 'node:tls';
import { compareBytes, equalBytes, fromHex, toHex } from '#ledger';
import type { Identity } from '../identity/identity.js';
import { dialPinned } from '../tls/pinned.js';
import type { Logger } from '../log/logger.js';
import { FRAME } from './frames.js';
import { PeerLink } from './link.js';
import { decodeHello, helloFrame } from './messages.js';

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 2000;
const RETIRE_MS = 1000;
/** Connections of one peer whose hello has not come. Each may hold the beginning of a frame, as large as frames may be. */
const MAX_WAITING = 4;
/** Votes tell peers of a height sooner than this could; it is for those who fell behind, and costs nothing while a block is decided. */
const ANNOUNCE_AFTER_MS = 50;

/** `host:port`s of each peer, by raw public key in hex. */
export type PeerEndpoints = Readonly<Record<string, readonly string[]>>;

export interface MeshEvents {
  /** The peer has said hello: it is of this chain. */
  up(link: PeerLink): void;
  down(link: PeerLink): void;
  /** The peer's height has changed. */
  height(link: PeerLink): void;
  frame(link: PeerLink, type: number, payload: Uint8Array): void;
}

/** One peer: where it is dialled, and how the last attempts went. */
interface Dial {
  key: Uint8Array;
  endpoints: readonly string[];
  attempt: number;
  timer: NodeJS.Timeout | undefined;
  /** The attempt that is under way. */
  trying: AbortController | undefined;
}

/** Keeps one connection to each peer of the chain, whoever dialled it. */
export class Mesh {
  private readonly dials = new Map<string, Dial>();
  private readonly links = new Map<string, PeerLink>();
  /** Connections whose hello has not come yet. */
  private readonly waiting = new Set<PeerLink>();
  private readonly retired = new Set<PeerLink>();
  private announcing: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly identity: Identity,
    private readonly genesisHash: Uint8Array,
    private readonly height: () => bigint,
    private readonly events: MeshEvents,
    private readonly log: Logger,
  ) {}

  /** Peers that have said hello. */
  get up(): PeerLink[] {
    return [...this.links.values()];
  }

  linkOf(keyHex: string): PeerLink | undefined {
    return this.links.get(keyHex);
  }

  /** Whom to dial, and where; replaces what was known. Our own key in it is no peer. */
  setEndpoints(endpoints: PeerEndpoints): void {
    const ownHex = toHex(this.identity.publicKey);
    for (const [keyHex, dial] of this.dials) {
      if (endpoints[keyHex] !== undefined) continue;
      clearTimeout(dial.timer);
      dial.trying?.abort();
      this.dials.delete(keyHex);
      this.links.get(keyHex)?.close('no longer a peer');
    }
    for (const [keyHex, list] of Object.entries(endpoints)) {
      if (keyHex === ownHex) continue;
      const known = this.dials.get(keyHex);
      if (known !== undefined) {
        known.endpoints = list;
        known.attempt = 0;
        clearTimeout(known.timer);
        // What is under way may hang on a name that did not exist yet, for as long as a handshake may take.
        known.trying?.abort();
        known.trying = undefined;
        void this.dial(known);
        continue;
      }
      const dial: Dial = { key: fromHex(keyHex), endpoints: list, attempt: 0, timer: undefined, trying: undefined };
      this.dials.set(keyHex, dial);
      void this.dial(dial);
    }
  }

  /** A peer has dialled us, and its key was admitted. */
  accept(socket: TLSSocket, key: Uint8Array): void {
    if (this.stopped || equalBytes(key, this.identity.publicKey)) socket.destroy();
    else this.greet(new PeerLink(socket, key, false, this.linkEvents));
  }

  broadcast(frame: Buffer): void {
    for (const link of this.links.values()) link.send(frame);
  }

  /** Tells all peers our height, a moment later and once for all that changed until then; to be called after each change. */
  announceHeight(): void {
    if (this.stopped) return;
    this.announcing ??= setTimeout(() => {
      this.announcing = undefined;
      this.broadcast(helloFrame({ genesisHash: this.genesisHash, height: this.height() }));
    }, ANNOUNCE_AFTER_MS).unref();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.announcing);
    for (const dial of this.dials.values()) {
      clearTimeout(dial.timer);
      dial.trying?.abort();
    }
    for (const link of [...this.links.values(), ...this.waiting, ...this.retired]) link.close('this node stops');
  }

  private readonly linkEvents = {
    frame: (link: PeerLink, type: number, payload: Uint8Array): void => {
      if (type === FRAME.hello) this.hear(link, payload);
      else if (link.height === null) link.close('spoke before its hello');
      else this.events.frame(link, type, payload);
    },
    closed: (link: PeerLink, reason: string): void => {
      this.waiting.delete(link);
      this.retired.delete(link);
      if (this.links.get(link.keyHex) === link) {
        this.links.delete(link.keyHex);
        this.log.info('peer disconnected', { peer: link.keyHex.slice(0, 16), reason });
        this.events.down(link);
      }
      const dial = this.dials.get(link.keyHex);
      if (dial !== undefined) this.retry(dial);
    },
  };

  private greet(link: PeerLink): void {
    this.waiting.add(link);
    const ofPeer = [...this.waiting].filter(({ keyHex }) => keyHex === link.keyHex);
    if (ofPeer.length > MAX_WAITING) ofPeer[0]?.close('too many connections without a hello');
    link.send(helloFrame({ genesisHash: this.genesisHash, height: this.height() }));
  }

  private hear(link: PeerLink, payload: Uint8Array): void {
    let hello;
    try {
      hello = decodeHello(payload);
    } catch {
      link.close('its hello is malformed');
      return;
    }
    if (!equalBytes(hello.genesisHash, this.genesisHash)) {
      link.close('it is of another chain');
      return;
    }
    const first = link.height === null;
    link.height = hello.height;
    if (first) this.establish(link);
    else if (this.links.get(link.keyHex) === link) this.events.height(link);
  }

  /**
   * Of two connections to one peer both ends keep the one that the smaller key dialled; of two from the same side the newer,
   * since whoever dials again has lost the older.
   */
  private establish(link: PeerLink): void {
    const old = this.links.get(link.keyHex);
    if (old !== undefined && old.outbound !== link.outbound && !this.isPreferred(link)) {
      this.retire(link);
      return;
    }
    this.waiting.delete(link);
    this.links.set(link.keyHex, link);
    if (old !== undefined) {
      this.events.down(old);
      this.retire(old);
    }
    const dial = this.dials.get(link.keyHex);
    if (dial !== undefined) dial.attempt = 0;
    this.log.info('peer connected', { peer: link.keyHex.slice(0, 16), height: Number(link.height), dialled: link.outbound });
    this.events.up(link);
  }

  /** What is under way on a connection that is not kept is still read: losing a vote would cost a timeout. */
  private retire(link: PeerLink): void {
    this.waiting.delete(link);
    this.retired.add(link);
    setTimeout(() => link.close('another connection is kept'), RETIRE_MS).unref();
  }

  private isPreferred(link: PeerLink): boolean {
    return link.outbound === compareBytes(this.identity.publicKey, link.key) < 0;
  }

  private async dial(dial: Dial): Promise<void> {
    const keyHex = toHex(dial.key);
    if (this.stopped || dial.trying !== undefined || this.links.has(keyHex) || this.dials.get(keyHex) !== dial) return;
    const endpoint = dial.endpoints[dial.attempt % Math.max(1, dial.endpoints.length)];
    dial.attempt += 1;
    if (endpoint === undefined) return;
    const attempt = new AbortController();
    dial.trying = attempt;
    try {
      const colon = endpoint.lastIndexOf(':');
      const socket = await dialPinned(this.identity, endpoint.slice(0, colon).replace(/^\[|\]$/g, ''), Number(endpoint.slice(colon + 1)), dial.key, attempt.signal);
      if (this.stopped || attempt.signal.aborted) socket.destroy();
      else this.greet(new PeerLink(socket, dial.key, true, this.linkEvents));
    } catch (error) {
      if (attempt.signal.aborted) return;
      this.log.debug('peer not reached', { peer: keyHex.slice(0, 16), endpoint, reason: error instanceof Error ? error.message : String(error) });
      this.retry(dial);
    } finally {
      if (dial.trying === attempt) dial.trying = undefined;
    }
  }

  /** Later and later, with jitter so that a whole chain that starts at once does not dial in step. */
  private retry(dial: Dial): void {
    if (this.stopped) return;
    const delayMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(dial.attempt, 10)) * (0.75 + Math.random() / 2);
    clearTimeout(dial.timer);
    dial.timer = setTimeout(() => void this.dial(dial), delayMs);
    dial.timer.unref();
  }
}
