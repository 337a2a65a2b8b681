import { blockHash, equalBytes, toHex, type Block, type Bytes, type Certificate, type FaultModel, type HaltProof, type Message, type State, type ValidatorSet } from '../src/index.js';
import { blockFault } from './block-fault.js';
import type { SimChain } from './chain.js';
import { Checker } from './checker.js';
import type { SimDisk } from './disk.js';
import { SimFailure } from './invariant.js';
import type { Packet } from './network.js';
import type { NodePort } from './node-port.js';
import { certificateFault, commitFault } from './oracle.js';
import { fromWire } from './wire.js';

/** Judges runs in which a third of the power or more lies, so that the chain may fork: what each honest node does then (rule 17). */
export class ForkChecker extends Checker {
  readonly halts = new Set<number>();
  /** What each machine knew first as decided at its height, though it might forget. */
  private readonly commits = new WeakMap<State, { height: bigint; hash: Bytes }>();

  /** @param set who votes, at every height. @param nodes filled later. */
  constructor(
    chain: SimChain,
    faultModel: FaultModel,
    faulty: ReadonlySet<number>,
    private readonly set: ValidatorSet,
    private readonly nodes: readonly NodePort[],
  ) {
    super(chain, faultModel, faulty);
  }

  /** There is no one chain here: each node's own must hold. */
  override decided(node: number, block: Block, certificate: Certificate): boolean {
    const { height } = block.header;
    if (this.halts.has(node)) throw new SimFailure('halting', `n${node} decided ${height} after it had halted`);
    if (this.nodes[node]?.disk.chain.at(height) !== undefined) throw new SimFailure('agreement', `n${node} decided ${height} twice`);
    const fault = commitFault(certificate, height, blockHash(block.header), this.set, this.faultModel);
    if (fault !== null) throw new SimFailure('validity', `n${node} decided ${height} with a certificate that does not hold: ${fault}`);
    return false;
  }

  override sent(node: number, publicKey: number, own: number, disk: SimDisk, message: Message): void {
    if (this.halts.has(node)) throw new SimFailure('halting', `n${node} sent a ${message.type} after it had halted`);
    super.sent(node, publicKey, own, disk, message);
  }

  /** Nobody halts without proof. */
  override halted({ index, disk }: NodePort, reason: string, { certificates, block }: HaltProof): void {
    this.halts.add(index);
    const fault = block === null ? this.conflictFault(certificates) : this.divergenceFault(disk.chain, block, certificates);
    if (fault !== null) throw new SimFailure('halting', `n${index} halted (${reason}), and its proof has ${fault}`);
  }

  private conflictFault([one, other, ...more]: readonly Certificate[]): string | null {
    if (one?.blockHash == null || other?.blockHash == null || more.length > 0) return 'other than two certificates of blocks';
    if (one.height !== other.height || equalBytes(one.blockHash, other.blockHash)) return 'two certificates that do not contradict each other';
    return commitFault(one, one.height, one.blockHash, this.set, this.faultModel) ?? commitFault(other, one.height, other.blockHash, this.set, this.faultModel);
  }

  private divergenceFault(chain: SimChain, block: Block, [certificate]: readonly Certificate[]): string | null {
    const { height } = block.header;
    const fault = certificate === undefined ? 'no certificate' : commitFault(certificate, height, blockHash(block.header), this.set, this.faultModel);
    // What it stands on may not be durable yet.
    if (fault !== null || height !== chain.height + 1n) return fault;
    return this.faultOn(chain, block) === null ? 'a block that is valid' : null;
  }

  private faultOn(chain: SimChain, block: Block): string | null {
    return blockFault(chain, block, this.set, chain.height === 0n ? undefined : this.set, this.faultModel);
  }

  /** Who has decided, or knows as decided, something else than what it was shown a certificate for, has halted now. */
  override received(node: NodePort, packet: Packet): void {
    const { index, disk, state } = node;
    if (disk.halt !== null) return;
    const { height: current } = state.context;
    const before = this.commits.get(state);
    for (const certificate of certificatesIn(packet)) {
      const { height, kind, blockHash: hash } = certificate;
      const own = disk.chain.at(height)?.certificate.blockHash ?? (height === current && before?.height === current ? before.hash : null);
      if (kind !== 'precommit' || hash === null || own == null || equalBytes(own, hash) || (packet.type === 'decided' && height > disk.chain.height)) continue;
      if (certificateFault(certificate, this.set, this.faultModel) === null) throw new SimFailure('halting', `n${index} has seen two certificates of height ${height}, and goes on`);
    }
    const hash = state.commit?.blockHash ?? null;
    if (hash === null) return;
    if (before?.height !== current) this.commits.set(state, { height: current, hash });
    if (state.blocks.get(toHex(hash))?.status === 'invalid') throw new SimFailure('halting', `n${index} knows that block ${current} was decided which is not valid, and goes on`);
  }

  /** When everybody has been shown everybody's blocks. */
  checkEnd(honest: readonly NodePort[], fresh: () => SimChain): void {
    for (const { index, disk } of honest) {
      const own = fresh();
      for (const { block, certificate } of disk.chain.decided) {
        const fault = this.faultOn(own, block) ?? commitFault(certificate, block.header.height, blockHash(block.header), this.set, this.faultModel);
        if (fault !== null) throw new SimFailure('validity', `n${index} decided a block at ${block.header.height} with ${fault}`);
        own.append(block, certificate);
      }
    }
    for (const a of honest) for (const b of honest) if (forkOf(a.disk.chain, b.disk.chain) !== null && a.disk.halt === null) throw new SimFailure('halting', `n${a.index} and n${b.index} hold different blocks at ${forkOf(a.disk.chain, b.disk.chain)}, and n${a.index} goes on`);
  }
}

/** The first height at which two chains differ, or null. */
export function forkOf(a: SimChain, b: SimChain): bigint | null {
  for (let height = 1n; height <= a.height && height <= b.height; height++) {
    const [one, other] = [a.at(height)?.certificate.blockHash, b.at(height)?.certificate.blockHash];
    if (one != null && other != null && !equalBytes(one, other)) return height;
  }
  return null;
}

function certificatesIn(packet: Packet): readonly Certificate[] {
  if (packet.type === 'decided') return [packet.decided.certificate];
  const message = packet.type === 'consensus' ? packet.message : packet.type === 'wire' ? fromWire(packet.message) : null;
  if (message?.type === 'certificate') return [message.certificate];
  return message?.type === 'proposal' && message.proposal.block.lastCommit !== null ? [message.proposal.block.lastCommit] : [];
}
