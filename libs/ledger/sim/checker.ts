import {
  blockHash, certificateHash, equalBytes, proposalSignBytes, toHex, verifyCertificate, verifyEvidence, voteSignBytes,
  type Block, type Bytes, type Certificate, type Evidence, type FaultModel, type Message, type State, type ValidatorSet,
} from '../src/index.js';
import { SIM_GENESIS_HASH, type SimChain } from './chain.js';
import type { SimDisk } from './disk.js';
import { NODE_KEYS, verifyCheaply } from './keys.js';
import { short } from './trace.js';

/** An invariant does not hold. */
export class SimFailure extends Error {}

/** Room for the machine's own bounds, and for what is far beyond any of them. */
const MAX_ROUNDS_KEPT = 48;
const MAX_BLOCKS_KEPT = 20;
const MAX_EVIDENCE_KEPT = 80;

/** Sees everything that honest nodes send and decide; throws at the first thing that must not be. */
export class Checker {
  private readonly signed = new Map<string, Bytes>();
  private readonly setsByHeight: ValidatorSet[] = [];

  /** @param chain what was decided first, by anybody. @param liars numbers of the faulty nodes. */
  constructor(
    readonly chain: SimChain,
    private readonly faultModel: FaultModel,
    private readonly liars: { has(node: number): boolean },
  ) {}

  /**
   * Agreement and validity: one block a height; its certificate, header, roots and evidence hold for a light client.
   * @returns whether nobody had decided that height before.
   */
  decided(node: number, block: Block, certificate: Certificate): boolean {
    const { height } = block.header;
    const hash = blockHash(block.header);
    if (height > this.chain.height + 1n) throw new SimFailure(`validity: n${node} decided ${height} above the undecided ${this.chain.height + 1n}`);
    const known = this.chain.at(height);
    if (known !== undefined && !equalBytes(blockHash(known.block.header), hash)) {
      throw new SimFailure(`agreement: n${node} decided ${short(hash)} at ${height}, where ${short(blockHash(known.block.header))} was decided`);
    }
    const set = known === undefined ? this.chain.context().validators : this.setsByHeight[Number(height)];
    if (set === undefined) throw new SimFailure(`no validators are known at ${height}`);
    const fits = certificate.kind === 'precommit' && certificate.height === height && certificate.blockHash !== null && equalBytes(certificate.blockHash, hash);
    const check = verifyCertificate(certificate, set, this.faultModel, SIM_GENESIS_HASH, verifyCheaply);
    if (!fits || !check.ok) throw new SimFailure(`validity: n${node} decided ${height} with a certificate that does not hold (${check.ok ? 'it names another block' : check.code})`);
    if (known !== undefined) return false;
    this.setsByHeight[Number(height)] = set;
    this.checkNew(node, block);
    this.chain.append(block, certificate);
    return true;
  }

  private checkNew(node: number, block: Block): void {
    const { header } = block;
    const context = this.chain.context();
    const outcome = this.chain.execute(block.transactions);
    const fault =
      outcome === null ? 'a transaction that cannot be, or twice'
      : !equalBytes(outcome.stateRoot, header.stateRoot) ? 'another state root'
      : !equalBytes(outcome.nextValidators.hash, header.nextValidatorsHash) ? 'other next validators'
      : !equalBytes(header.prevHash, context.prevHash) ? 'another parent'
      : header.timeMs <= context.prevTimeMs ? 'a time not after its parent'
      : context.prevCommit !== null && (block.lastCommit === null || !equalBytes(certificateHash(block.lastCommit), header.prevCommitHash)) ? 'another commit of its parent'
      : null;
    if (fault !== null) throw new SimFailure(`validity: n${node} decided a block at ${header.height} with ${fault}`);
    for (const evidence of block.evidence) this.evidence(node, evidence);
  }

  /** Persist before send, and no two conflicting signatures by an honest key. */
  sent(node: number, own: number, disk: SimDisk, message: Message): void {
    const signBytes =
      message.type === 'vote' && message.vote.validator === own ? voteSignBytes(SIM_GENESIS_HASH, message.vote)
      : message.type === 'proposal' && message.proposal.proposer === own ? proposalSignBytes(SIM_GENESIS_HASH, message.proposal)
      : null;
    if (signBytes === null) return;
    // Tag, chain, height and round stand in the first 45 bytes of everything that is signed.
    const key = `${node}/${toHex(signBytes.subarray(0, 45))}`;
    const before = this.signed.get(key);
    if (before !== undefined && !equalBytes(before, signBytes)) throw new SimFailure(`equivocation: n${node} signed two messages in one place: ${message.type}`);
    if (before === undefined && !disk.holds(signBytes)) throw new SimFailure(`persist before send: n${node} sent what its log does not hold: ${message.type}`);
    this.signed.set(key, signBytes);
  }

  /** Nobody honest is framed. */
  evidence(node: number, evidence: Evidence): void {
    if (!verifyEvidence(evidence, SIM_GENESIS_HASH, verifyCheaply).ok) throw new SimFailure(`evidence: n${node} reports what does not hold`);
    const accused = NODE_KEYS.findIndex((key) => equalBytes(key, evidence.publicKey));
    if (!this.liars.has(accused)) throw new SimFailure(`evidence: n${node} frames the honest n${accused}`);
  }

  /** Memory is bounded, whatever faulty peers send. */
  bounds(node: number, state: State): void {
    const sizes = { rounds: state.rounds.size, blocks: state.blocks.size, evidence: state.evidence.size };
    if (sizes.rounds > MAX_ROUNDS_KEPT || sizes.blocks > MAX_BLOCKS_KEPT || sizes.evidence > MAX_EVIDENCE_KEPT) throw new SimFailure(`bounds: n${node} keeps ${JSON.stringify(sizes)}`);
  }
}
