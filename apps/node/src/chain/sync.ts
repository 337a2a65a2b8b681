import { blockHash, checkBlockBody, decodeBlock, decodeCertificate, equalBytes, isWeak, verifyCertificate, type Block, type Bytes, type Certificate } from '#ledger';
import type { ChainStore } from '#evm';
import type { Logger } from '../log/logger.js';
import type { PeerLink } from '../peer/link.js';
import { blocksWantedFrame, splitDecidedBlock } from '../peer/messages.js';
import type { Mesh } from '../peer/mesh.js';
import type { BlockWork } from './block-work.js';
import type { Driver } from './driver.js';

const RANGE_BLOCKS = 64n;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** A peer that is one block ahead has usually just decided it: its votes are on their way. */
const GRACE_MS = 400;
const REQUEST_TIMEOUT_MS = 3000;
/** So far behind, and nothing that comes by itself will help. */
const FAR_BEHIND = 4n;

interface Waiting {
  link: PeerLink;
  block: Bytes;
  certificate: Bytes;
}

/**
 * Fetches decided blocks for a node that fell behind. Heights that peers announce only say whom to ask; a block counts when
 * its certificate verifies, and it is executed like any other.
 */
export class BlockSync {
  private readonly waiting = new Map<bigint, Waiting>();
  private waitingBytes = 0;
  private asked: { keyHex: string; to: bigint; timer: NodeJS.Timeout } | undefined;
  private lastAskedKey = '';
  private urgentHeight = 0n;
  private pumping = false;
  private graceTimer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly parts: { store: ChainStore; mesh: Mesh; work: BlockWork; driver: Driver; logger: Logger; halt: (reason: string) => void; keepDiverged: (height: bigint, block: Bytes, certificate: Bytes) => void },
  ) {}

  /** The highest head that a peer announces, or our own. */
  get highest(): bigint {
    return this.parts.mesh.up.reduce((max, link) => ((link.height ?? 0n) > max ? (link.height as bigint) : max), this.head);
  }

  /** Whether this node is far behind a height that so many validators announce that one of them is honest. */
  get syncing(): boolean {
    const { mesh, store, driver } = this.parts;
    const { validators } = driver.context;
    let power = 0n;
    for (const link of mesh.up) {
      if ((link.height ?? 0n) >= this.head + FAR_BEHIND) power += validators.at(validators.indexOf(link.key))?.power ?? 0n;
    }
    return isWeak(store.genesis.faultModel, power, validators.total);
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
    const { block, certificate } = splitDecidedBlock(payload);
    const height = new DataView(block.buffer, block.byteOffset, block.byteLength).getBigUint64(HEIGHT_OFFSET);
    if (height <= this.head || height > this.head + 2n * RANGE_BLOCKS || this.waiting.has(height)) return;
    if (this.waitingBytes + payload.length > MAX_WAITING_BYTES && height !== this.head + 1n) return;
    this.waiting.set(height, { link, block, certificate });
    this.waitingBytes += payload.length;
    void this.pump();
  }

  disconnected(link: PeerLink): void {
    if (this.asked?.keyHex === link.keyHex) this.forgetRequest();
    this.consider();
  }

  /** A block is durable here, however it came. */
  advanced(): void {
    for (const [height, one] of this.waiting) if (height <= this.head) this.drop(height, one);
    if (this.asked !== undefined && this.head >= this.asked.to) this.forgetRequest();
    this.consider();
    void this.pump();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.graceTimer);
    this.forgetRequest();
  }

  private get head(): bigint {
    return this.parts.store.head().height;
  }

  /** One range from one peer at a time; the next from another, where there is one. */
  private ask(): void {
    if (this.asked !== undefined || this.stopped) return;
    const from = this.head + 1n;
    const able = this.parts.mesh.up.filter((link) => (link.height ?? 0n) >= from);
    const link = able.find((one) => one.keyHex > this.lastAskedKey) ?? able[0];
    if (link === undefined) return;
    const last = link.height as bigint;
    const to = last < from + RANGE_BLOCKS - 1n ? last : from + RANGE_BLOCKS - 1n;
    this.lastAskedKey = link.keyHex;
    const timer = setTimeout(() => {
      this.forgetRequest();
      this.consider();
    }, REQUEST_TIMEOUT_MS);
    this.asked = { keyHex: link.keyHex, to, timer };
    this.parts.logger.debug('asking for blocks', { from: Number(from), to: Number(to), peer: link.keyHex.slice(0, 16) });
    link.send(blocksWantedFrame(from, to));
  }

  private forgetRequest(): void {
    clearTimeout(this.asked?.timer);
    this.asked = undefined;
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    try {
      for (let next = this.nextWaiting(); next !== undefined && !this.stopped; next = this.nextWaiting()) {
        this.drop(this.head + 1n, next);
        if (!(await this.apply(next))) break;
      }
    } finally {
      this.pumping = false;
    }
  }

  /** Only at the height where the machine is: it may have decided the next one itself, which is not durable yet. */
  private nextWaiting(): Waiting | undefined {
    const next = this.head + 1n;
    return this.parts.driver.height === next ? this.waiting.get(next) : undefined;
  }

  /** Verifies, executes, and hands it to the machine. False where the pump must wait for the commit. */
  private async apply({ link, block: blockBytes, certificate: certificateBytes }: Waiting): Promise<boolean> {
    const { driver, work, logger } = this.parts;
    let block: Block;
    let certificate: Certificate;
    try {
      block = decodeBlock(blockBytes);
      certificate = decodeCertificate(certificateBytes);
    } catch {
      link.close('sent a malformed block');
      return true;
    }
    if (!this.certified(block, certificate)) {
      logger.warn('a peer sent a block without a valid certificate', { peer: link.keyHex.slice(0, 16), height: Number(block.header.height) });
      link.close('sent a block without a valid certificate');
      return true;
    }
    const execution = await work.execute(block, driver.context);
    if (execution.status === 'abandoned') return true;
    const { height, stateRoot } = block.header;
    if (execution.status === 'invalid' || !equalBytes(execution.outcome.stateRoot, stateRoot)) {
      this.parts.keepDiverged(height, blockBytes, certificateBytes);
      this.parts.halt(`diverged: the certified block at height ${height} ${execution.status === 'invalid' ? `is invalid here: ${execution.reason}` : 'leads to another state here'}`);
      return false;
    }
    driver.feed({ type: 'syncedBlock', block, certificate, outcome: execution.outcome });
    return false;
  }

  /** The body as well: a true header with a forged body would look like a diverged chain, and halt this node. */
  private certified(block: Block, certificate: Certificate): boolean {
    const { context } = this.parts.driver;
    const { store } = this.parts;
    const fits = certificate.kind === 'precommit' && certificate.height === block.header.height && certificate.blockHash !== null && equalBytes(certificate.blockHash, blockHash(block.header));
    return fits && block.header.height === context.height && checkBlockBody(block) === null && verifyCertificate(certificate, context.validators, store.genesis.faultModel, store.genesisHash).ok;
  }

  private drop(height: bigint, one: Waiting): void {
    if (this.waiting.delete(height)) this.waitingBytes -= one.block.length + one.certificate.length + 8;
  }
}

/** In a canonical block: version of block, version of header, genesisHash. */
const HEIGHT_OFFSET = 2 + 32;
