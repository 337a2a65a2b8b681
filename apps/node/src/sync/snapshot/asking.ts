import type { Logger } from '../../log/logger.js';
import type { PeerLink } from '../../peer/link.js';
import { decodeSnapshotPart, snapshotWantedFrame, type SnapshotRequest } from './protocol.js';

/** A peer that has not answered within this time is passed over. */
const PATIENCE_MS = 5000;
const PASS_OVER_MS = 10_000;
const BAN_MS = 60_000;
const PER_PEER = 4;
const LOOK_AGAIN_MS = 50;

interface Open {
  link: PeerLink;
  answered: (answer: Uint8Array | null) => void;
}

/** Nobody who is connected has what was asked for. */
export class NobodyHasIt extends Error {}

/**
 * Asks peers, several at once, each question of one peer at a time: of another where one is silent, has nothing, or lies. What an
 * answer must be, the asker says: nothing is believed here.
 */
export class Asking {
  private readonly open = new Map<number, Open>();
  private readonly busy = new Map<string, number>();
  /** Until when a peer is not asked, unless nobody else is left; or at all, where it lied. */
  private readonly slow = new Map<string, number>();
  private readonly banned = new Map<string, number>();
  /** Peers that were closed because of a lie, for those who look. */
  lies = 0;
  private lastId = 0;
  private stopped = false;

  constructor(
    private readonly peers: () => readonly PeerLink[],
    private readonly logger: Logger,
  ) {}

  /** How many questions may usefully be open. */
  get width(): number {
    return Math.max(1, this.peers().length) * PER_PEER;
  }

  stop(): void {
    this.stopped = true;
    for (const { answered } of this.open.values()) answered(null);
  }

  heard(payload: Uint8Array): void {
    const { id, answer } = decodeSnapshotPart(payload);
    this.open.get(id)?.answered(answer);
  }

  disconnected(link: PeerLink): void {
    for (const one of this.open.values()) if (one.link === link) one.answered(null);
  }

  /**
   * @param read throws where the answer is a lie.
   * @throws NobodyHasIt where every peer that is connected says so; Error when stopped.
   */
  async ask<T>(request: SnapshotRequest, read: (answer: Uint8Array) => T, only?: PeerLink): Promise<T> {
    const without = new Set<string>();
    for (;;) {
      const link = await this.freePeer(without, only);
      const answer = await this.send(link, request);
      if (this.stopped) throw new Error('the node is stopping');
      if (answer === null) this.slow.set(link.keyHex, Date.now() + PASS_OVER_MS);
      else if (answer.length === 0) without.add(link.keyHex);
      else {
        try {
          return read(answer);
        } catch (error) {
          this.lies += 1;
          this.banned.set(link.keyHex, Date.now() + BAN_MS);
          this.logger.warn('a peer lied about a snapshot', { peer: link.keyHex.slice(0, 16), why: error instanceof Error ? error.message : String(error) });
          link.close('lied about a snapshot');
        }
      }
      if (only !== undefined) throw new NobodyHasIt('the peer does not answer');
    }
  }

  /** The least busy that may be asked, as soon as there is one. */
  private async freePeer(without: ReadonlySet<string>, only: PeerLink | undefined): Promise<PeerLink> {
    for (;;) {
      if (this.stopped) throw new Error('the node is stopping');
      const nowMs = Date.now();
      const up = (only === undefined ? this.peers() : [only]).filter(({ keyHex }) => (this.banned.get(keyHex) ?? 0) < nowMs);
      const able = up.filter(({ keyHex }) => !without.has(keyHex));
      if (up.length > 0 && able.length === 0) throw new NobodyHasIt('no peer has that part of the snapshot');
      const prompt = able.filter(({ keyHex }) => (this.slow.get(keyHex) ?? 0) < nowMs);
      const free = (prompt.length > 0 ? prompt : able).filter(({ keyHex }) => (this.busy.get(keyHex) ?? 0) < PER_PEER);
      free.sort((a, b) => (this.busy.get(a.keyHex) ?? 0) - (this.busy.get(b.keyHex) ?? 0));
      if (free[0] !== undefined) return free[0];
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  private send(link: PeerLink, request: SnapshotRequest): Promise<Uint8Array | null> {
    this.lastId = (this.lastId + 1) >>> 0;
    const id = this.lastId;
    this.busy.set(link.keyHex, (this.busy.get(link.keyHex) ?? 0) + 1);
    return new Promise((resolve) => {
      const answered = (answer: Uint8Array | null): void => {
        if (!this.open.delete(id)) return;
        clearTimeout(timer);
        this.busy.set(link.keyHex, (this.busy.get(link.keyHex) ?? 1) - 1);
        resolve(answer);
      };
      const timer = setTimeout(() => answered(null), PATIENCE_MS);
      this.open.set(id, { link, answered });
      link.send(snapshotWantedFrame(id, request));
    });
  }
}
