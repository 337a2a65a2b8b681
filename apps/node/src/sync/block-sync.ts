import { isWeak, type Bytes } from '#ledger';
import type { ChainStore } from '#evm';
import type { Logger } from '../log/logger.js';
import type { PeerLink } from '../peer/link.js';
import { blocksWantedFrame, decodeBlocksEnd, splitDecidedBlock } from '../peer/messages.js';
import type { Mesh } from '../peer/mesh.js';
import { BlockApplier, type ApplierParts } from './block-applier.js';
import { isCertified, readOffered, type OfferedBlock } from './offered-block.js';
import { PeerBook } from './peer-book.js';
import { RangePlan } from './range-plan.js';

/** A peer that is one block ahead has usually just decided it: its votes are on their way. */
const GRACE_MS = 400;
/** So far behind, and nothing that comes by itself will help. */
const FAR_BEHIND = 4n;
/** So far behind, and this node is of no use to the others: it takes no transactions and says little of its height. */
const LOST_BEHIND = 64n;
const TICK_MS = 250;

export type SyncParts = Omit<ApplierParts, 'at' | 'drop' | 'lied' | 'farBehind'> & { store: ChainStore; mesh: Mesh; logger: Logger };

/**
 * Fetches decided blocks for a node that fell behind: several ranges at once, of several peers. Heights that peers announce only
 * say whom to ask; a block counts when its certificate verifies, and it is executed like any other (docs/spec/sync.md).
 */
export class BlockSync {
  private readonly plan = new RangePlan<OfferedBlock>();
  private readonly book = new PeerBook();
  private readonly applier: BlockApplier;
  private urgentHeight = 0n;
  private graceTimer: NodeJS.Timeout | undefined;
  private ticker: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly parts: SyncParts) {
    this.applier = new BlockApplier({
      ...parts, farBehind: () => this.highest >= this.head + LOST_BEHIND, at: (height) => this.plan.at(height), drop: (height) => void this.plan.take(height), lied: (offered, why) => this.lied(offered.peer, why),
    });
  }

  /** The highest head that a peer announces, or our own. */
  get highest(): bigint {
    let highest = this.head;
    for (const { height } of this.parts.mesh.up) if (height !== null && height > highest) highest = height;
    return highest;
  }

  /** Whether this node is far behind a height that so many validators announce that one of them is honest. */
  get syncing(): boolean {
    return this.isBehind(FAR_BEHIND);
  }

  /** The same, so far that this node would only be in the way. */
  get lost(): boolean {
    return this.highest >= this.head + LOST_BEHIND && this.isBehind(LOST_BEHIND);
  }

  /** How many verified blocks each peer gave, by its key in hex. */
  get blocksFrom(): ReadonlyMap<string, number> {
    return this.book.blocksFrom;
  }

  /** A quorum decided this height and the block is not here. */
  need(height: bigint): void {
    this.urgentHeight = height;
    this.consider();
  }

  /** Something changed: a peer's height, our own, or who is connected. */
  consider(): void {
    if (this.stopped) return;
    const behind = this.highest - this.head;
    if (behind <= 0n) {
      clearTimeout(this.graceTimer);
      this.graceTimer = undefined;
      return;
    }
    if (behind >= FAR_BEHIND || this.urgentHeight > this.head) {
      this.ask();
    } else if (this.graceTimer === undefined) {
      const from = this.head;
      this.graceTimer = setTimeout(() => {
        this.graceTimer = undefined;
        if (this.head === from && this.highest > from) this.ask();
        else this.consider();
      }, GRACE_MS);
    }
  }

  /** A peer sent a decided block, because we asked or because it saw that we lag. */
  receive(link: PeerLink, payload: Uint8Array): void {
    const nowMs = Date.now();
    if (this.stopped || this.book.isBanned(link.keyHex, nowMs)) return;
    try {
      this.take(link, payload, nowMs);
    } catch (error) {
      // The decoders say so of whatever is not canonical.
      this.lied(link.keyHex, `sent a malformed block: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** A peer's answer is over. */
  answered(link: PeerLink, payload: Uint8Array): void {
    const { from } = decodeBlocksEnd(payload);
    const request = this.plan.end(link.keyHex, Number(from));
    if (request === null) return;
    const nowMs = Date.now();
    if (request.bytes > 0) this.book.answered(link.keyHex, request.bytes, nowMs - request.askedAtMs);
    else if (BigInt(request.from) > this.head) this.book.stalled(link.keyHex, nowMs);
    this.consider();
  }

  disconnected(link: PeerLink): void {
    this.plan.revoke(link.keyHex);
    this.consider();
  }

  /** A block is committed here, however it came. */
  advanced(): void {
    this.plan.advance(Number(this.head));
    this.consider();
    this.applier.pump();
  }

  stop(): void {
    this.stopped = true;
    this.applier.stop();
    clearTimeout(this.graceTimer);
    clearInterval(this.ticker);
    this.ticker = undefined;
  }

  private get head(): bigint {
    return this.parts.store.head().height;
  }

  /** @throws LedgerError, RangeError */
  private take(link: PeerLink, payload: Uint8Array, nowMs: number): void {
    const { block, certificate } = splitDecidedBlock(payload);
    const height = heightOf(block);
    this.plan.heard(link.keyHex, height, payload.length, nowMs);
    if (!this.plan.wants(height, Number(this.head))) return;
    const offered = readOffered(link.keyHex, block, certificate);
    if (offered === null) return this.lied(link.keyHex, 'sent a block that is not its certificate’s');
    const { validators } = this.applier;
    offered.certified = isCertified(offered, validators, this.parts.certificates);
    // Validators that are not known yet are no lie; that block waits for its turn.
    if (!offered.certified && names(offered, validators.hash)) return this.lied(link.keyHex, 'sent a block without a valid certificate');
    if (offered.certified) this.book.gave(link.keyHex);
    this.plan.put(height, offered);
    this.applier.pump();
  }

  private isBehind(blocks: bigint): boolean {
    const { mesh, store } = this.parts;
    const { validators } = this.applier;
    let power = 0n;
    for (const link of mesh.up) if ((link.height ?? 0n) >= this.head + blocks) power += validators.at(validators.indexOf(link.key))?.power ?? 0n;
    return isWeak(store.genesis.faultModel, power, validators.total);
  }

  /** Requests to whoever has blocks and is free, the fastest first, so that the lowest heights come soonest. */
  private ask(): void {
    if (this.stopped) return;
    const nowMs = Date.now();
    const head = Number(this.head);
    const able = new Map(this.parts.mesh.up.filter(({ height }) => height !== null && height > this.head).map((link) => [link.keyHex, link]));
    for (const key of this.book.ranked([...able.keys()], nowMs)) {
      const link = able.get(key) as PeerLink;
      for (let request = this.plan.next(key, Number(link.height), head, nowMs); request !== null; request = this.plan.next(key, Number(link.height), head, nowMs)) {
        link.send(blocksWantedFrame(BigInt(request.from), BigInt(request.to)));
        if (request.insteadOf !== null) this.book.stalled(request.insteadOf, nowMs);
      }
    }
    if (!this.plan.idle) this.ticker ??= setInterval(() => this.tick(), TICK_MS);
  }

  private tick(): void {
    const nowMs = Date.now();
    for (const key of this.plan.expire(nowMs)) {
      this.parts.logger.info('a peer does not answer for blocks', { peer: key.slice(0, 16) });
      this.book.stalled(key, nowMs);
    }
    this.consider();
    if (!this.plan.idle) return;
    clearInterval(this.ticker);
    this.ticker = undefined;
  }

  /** Nothing more of this peer for a while, and nothing of what it gave that was not verified. */
  private lied(key: string, why: string): void {
    this.parts.logger.warn('a peer lied about blocks', { peer: key.slice(0, 16), why });
    this.book.lied(key, Date.now());
    this.plan.revoke(key);
    this.plan.dropWhere(({ peer, certified }) => peer === key && !certified);
    this.parts.mesh.linkOf(key)?.close(why);
    this.consider();
  }
}

function names(offered: OfferedBlock, validatorsHash: Bytes): boolean {
  return Buffer.compare(offered.block.header.validatorsHash, validatorsHash) === 0;
}

/** In a canonical block: version of block, version of header, genesisHash. @throws RangeError where it is shorter. */
function heightOf(block: Bytes): number {
  return Number(new DataView(block.buffer, block.byteOffset, block.byteLength).getBigUint64(2 + 32));
}
