import { blockHash, equalBytes, toHex, verifyEvidence, type Block, type Bytes, type Certificate, type Evidence, type FaultModel, type HaltProof, type Message, type State, type ValidatorSet } from '../src/index.js';
import { blockFault } from './block-fault.js';
import { SIM_GENESIS_HASH, type SimChain } from './chain.js';
import type { SimDisk } from './disk.js';
import { SimFailure } from './invariant.js';
import { NODE_KEYS, nodeOfKey, verifyCheaply } from './keys.js';
import type { Packet } from './network.js';
import type { NodePort } from './node-port.js';
import { commitFault, proposalBytes, voteBytes } from './oracle.js';
import { short } from './trace.js';

/** Room for the machine's own bounds, and for what is far beyond any of them. */
const MAX_ROUNDS_KEPT = 48;
const MAX_BLOCKS_KEPT = 20;
const MAX_EVIDENCE_KEPT = 80;
/** Tag, chain, height and round: the place of everything that is signed. */
const PLACE_BYTES = 45;

/** Sees everything that honest nodes send and decide; throws at the first thing that must not be. */
export class Checker {
  private readonly signed = new Map<string, Bytes>();
  private readonly checked = new WeakSet<Bytes>();
  /** Places of the equivocations that blocks hold. */
  private readonly accused = new Set<string>();
  private readonly setsByHeight: ValidatorSet[] = [];

  /** @param chain what was decided first, by anybody. @param faulty nodes that may sign anything. */
  constructor(
    readonly chain: SimChain,
    protected readonly faultModel: FaultModel,
    private readonly faulty: ReadonlySet<number>,
  ) {}

  /** Who votes at a height that is decided, or at the one above. */
  setAt(height: bigint): ValidatorSet | undefined {
    return height === this.chain.height + 1n ? this.chain.current : this.setsByHeight[Number(height)];
  }

  /**
   * Agreement and validity: one block a height; its certificate, header, roots and evidence hold for a light client.
   * @returns whether nobody had decided that height before.
   */
  decided(node: number, block: Block, certificate: Certificate): boolean {
    const { height } = block.header;
    const hash = blockHash(block.header);
    if (height > this.chain.height + 1n) throw new SimFailure('validity', `n${node} decided ${height} above the undecided ${this.chain.height + 1n}`);
    const known = this.chain.at(height);
    if (known !== undefined && !equalBytes(blockHash(known.block.header), hash)) {
      throw new SimFailure('agreement', `n${node} decided ${short(hash)} at ${height}, where ${short(blockHash(known.block.header))} was decided`);
    }
    const set = this.setAt(height);
    if (set === undefined) throw new Error(`no validators are known at ${height}`);
    const fault = commitFault(certificate, height, hash, set, this.faultModel);
    if (fault !== null) throw new SimFailure('validity', `n${node} decided ${height} with a certificate that does not hold: ${fault}`);
    if (known !== undefined) return false;
    this.checkNew(node, block, set);
    this.setsByHeight[Number(height)] = set;
    this.chain.append(block, certificate);
    return true;
  }

  private checkNew(node: number, block: Block, set: ValidatorSet): void {
    const { header } = block;
    const fault = blockFault(this.chain, block, set, this.setAt(header.height - 1n), this.faultModel);
    if (fault !== null) throw new SimFailure('validity', `n${node} decided a block at ${header.height} with ${fault}`);
    for (const evidence of block.evidence) {
      this.evidence(node, evidence);
      const place = `${toHex(evidence.publicKey)}/${toHex(evidence.a.signBytes.subarray(0, PLACE_BYTES))}`;
      if (this.accused.has(place)) throw new SimFailure('validity', `n${node} decided a block at ${header.height} that repeats evidence`);
      this.accused.add(place);
    }
  }

  /** Persist before send, and no two conflicting signatures by an honest key. @param publicKey its number. @param own the node's index in the validator set. */
  sent(node: number, publicKey: number, own: number, disk: SimDisk, message: Message): void {
    // The same signature again is the same message again: most of what is sent is.
    const { signature } = message.type === 'vote' ? message.vote : message.type === 'proposal' ? message.proposal : { signature: null };
    if (signature === null || this.checked.has(signature)) return;
    const signBytes =
      message.type === 'vote' && message.vote.validator === own ? voteBytes(message.vote)
      : message.type === 'proposal' && message.proposal.proposer === own ? proposalBytes(message.proposal)
      : null;
    if (signBytes === null) return;
    // By key as well: a node whose disk was replaced signs under another one.
    const key = `${node}/${publicKey}/${toHex(signBytes.subarray(0, PLACE_BYTES))}`;
    const before = this.signed.get(key);
    if (!this.faulty.has(node) && before !== undefined && !equalBytes(before, signBytes)) throw new SimFailure('equivocation', `n${node} signed two messages in one place: ${message.type}`);
    if (before === undefined && !disk.holds(signBytes)) throw new SimFailure('persistence', `n${node} sent what its log does not hold: ${message.type}`);
    this.signed.set(key, signBytes);
    this.checked.add(signature);
  }

  /** Nobody honest is framed. */
  evidence(node: number, evidence: Evidence): void {
    const { a, b, publicKey } = evidence;
    const place = (bytes: Bytes): Bytes => bytes.subarray(0, PLACE_BYTES);
    const proven = verifyEvidence(evidence, SIM_GENESIS_HASH, verifyCheaply).ok && equalBytes(place(a.signBytes), place(b.signBytes)) && !equalBytes(a.signBytes, b.signBytes)
      && verifyCheaply(publicKey, a.signBytes, a.signature) && verifyCheaply(publicKey, b.signBytes, b.signature);
    if (!proven) throw new SimFailure('framing', `n${node} reports or decides evidence that does not hold`);
    const accused = NODE_KEYS.findIndex((key) => equalBytes(key, publicKey));
    if (accused < 0 || !this.faulty.has(nodeOfKey(accused))) throw new SimFailure('framing', `n${node} accuses the honest n${accused < 0 ? '?' : nodeOfKey(accused)}`);
  }

  /** A node believes that safety is lost: with less than a third of the power faulty, it never is. */
  halted(node: NodePort, reason: string, _proof: HaltProof): void {
    throw new SimFailure('running', `n${node.index} halted: ${reason}`);
  }

  /** An honest node has taken in what a peer sent. */
  received(_node: NodePort, _packet: Packet): void {
    // Whether it must have halted is a question only where safety may be lost.
  }

  bounds(node: number, state: State): void {
    const { rounds, blocks, evidence } = state;
    if (rounds.size <= MAX_ROUNDS_KEPT && blocks.size <= MAX_BLOCKS_KEPT && evidence.size <= MAX_EVIDENCE_KEPT) return;
    throw new SimFailure('bounds', `n${node} keeps ${rounds.size} rounds, ${blocks.size} blocks, ${evidence.size} proofs`);
  }
}
