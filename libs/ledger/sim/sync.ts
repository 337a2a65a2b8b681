import { blockHash, checkBlockBody, equalBytes } from '../src/index.js';
import type { Decided } from './chain.js';
import type { Packet } from './network.js';
import type { NodePort } from './node-port.js';
import { certificateFault } from './oracle.js';
import type { World } from './world.js';

const RANGE_BLOCKS = 16n;
const MAX_WAITING = 32;
const ASK_AGAIN_MS = 200;
const GRACE_MS = 60;
const LATE_MS = 40;
const HELP_INTERVAL_MS = 80;

/** How a node that fell behind gets decided blocks, as the node's shell does it: by asking, and by voting on old heights. */
export class SimSync {
  private readonly waiting = new Map<bigint, Decided>();
  private readonly peerHeights = new Map<number, bigint>();
  private readonly helpedAtMs = new Map<number, number>();
  private neededHeight = 0n;
  private headSinceMs = 0;
  private asking = false;
  private turn = 0;

  constructor(
    private readonly node: NodePort,
    private readonly world: World,
  ) {}

  receive(from: number, packet: Extract<Packet, { type: 'height' | 'wanted' | 'decided' }>): void {
    const { chain } = this.node.disk;
    if (packet.type === 'height') {
      // Links of the simulator overtake: an older height may come after a newer one.
      const known = this.peerHeights.get(from) ?? 0n;
      if (packet.height > known) this.peerHeights.set(from, packet.height);
      this.consider(GRACE_MS);
    } else if (packet.type === 'wanted') {
      for (let height = packet.from; height < packet.from + RANGE_BLOCKS; height++) this.give(from, height);
    } else {
      this.world.light.offered(packet.decided);
      this.node.halting.look(packet.decided.certificate);
      const { height } = packet.decided.block.header;
      if (height <= chain.height || height > chain.height + 2n * RANGE_BLOCKS || this.waiting.has(height) || this.waiting.size >= MAX_WAITING) return;
      this.waiting.set(height, packet.decided);
      this.pump();
    }
  }

  /** A peer spoke of a height that is decided here. */
  heardOld(from: number, height: bigint): void {
    const { nowMs } = this.world.queue;
    const { chain } = this.node.disk;
    if (height > chain.height || (height === chain.height && nowMs - this.headSinceMs < LATE_MS)) return;
    if (nowMs - (this.helpedAtMs.get(from) ?? -HELP_INTERVAL_MS) < HELP_INTERVAL_MS) return;
    this.helpedAtMs.set(from, nowMs);
    this.give(from, height);
  }

  /** A quorum decided this height, and its block is not here. */
  need(height: bigint): void {
    if (height > this.neededHeight) this.neededHeight = height;
    this.consider(0);
  }

  advanced(): void {
    const { chain } = this.node.disk;
    this.headSinceMs = this.world.queue.nowMs;
    for (const height of this.waiting.keys()) if (height <= chain.height) this.waiting.delete(height);
    this.pump();
  }

  private give(to: number, height: bigint): void {
    const decided = this.node.disk.chain.at(height);
    if (decided !== undefined) this.node.send(to, { type: 'decided', decided });
  }

  private consider(delayMs: number): void {
    if (this.asking || !this.behind()) return;
    this.asking = true;
    const before = this.node.disk.chain.height;
    this.node.later(delayMs, () => {
      if (this.behind() && this.node.disk.chain.height === before) this.ask();
      this.node.later(ASK_AGAIN_MS, () => {
        this.asking = false;
        this.consider(0);
      });
    });
  }

  private behind(): boolean {
    const { height } = this.node.disk.chain;
    return this.neededHeight > height || [...this.peerHeights.values()].some((one) => one > height);
  }

  private ask(): void {
    const from = this.node.disk.chain.height + 1n;
    const able = this.node.peers().filter((peer) => this.neededHeight >= from || (this.peerHeights.get(peer) ?? 0n) >= from);
    const peer = able[this.turn++ % able.length];
    if (peer !== undefined) this.node.send(peer, { type: 'wanted', from });
  }

  /** The machine checks the certificate itself; what it refuses makes room for the next answer. */
  private pump(): void {
    const { node, world } = this;
    const { chain } = node.disk;
    const height = chain.height + 1n;
    const next = this.waiting.get(height);
    if (next === undefined || node.busy || node.state.context.height !== height) return;
    this.waiting.delete(height);
    node.later(world.workMs(), () => {
      if (chain.height + 1n !== height || node.busy) return;
      const outcome = chain.execute(next.block.transactions);
      if (outcome !== null) node.feed({ type: 'syncedBlock', ...next, outcome });
      else if (isTrue(next, node, world)) node.halting.halt(`the certified block ${height} cannot be executed`, { certificates: [next.certificate], block: next.block });
      this.pump();
    });
  }
}

/** Whether a quorum decided just this block, body and all. */
function isTrue({ block, certificate }: Decided, node: NodePort, world: World): boolean {
  return certificate.kind === 'precommit' && certificate.height === block.header.height && certificate.blockHash !== null && equalBytes(certificate.blockHash, blockHash(block.header))
    && checkBlockBody(block) === null && certificateFault(certificate, node.state.context.validators, world.plan.faultModel) === null;
}
