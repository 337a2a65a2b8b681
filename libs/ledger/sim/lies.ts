import {
  blockHash, proposalSignBytes, sha256, utf8, voteSignBytes,
  type Block, type Bytes, type Certificate, type Message, type Proposal, type State, type Vote, type VoteContent,
} from '../src/index.js';
import { SIM_GENESIS_HASH, type Decided } from './chain.js';
import { signCheaply } from './keys.js';
import type { Lie } from './plan.js';
import type { Prng } from './prng.js';

const FORGED = new Uint8Array(64).fill(0xff);
const OTHER_GENESIS_HASH = sha256(utf8('another genesis'));
const MAX_ROUND = 0x7fff_ffff;

/** A faulty validator: its machine is honest, and this is what becomes of its messages. It has no key but its own. */
export class Liar {
  constructor(
    private readonly key: Bytes,
    private readonly lies: readonly Lie[],
    private readonly random: Prng,
  ) {}

  /** Before each input. */
  forget(state: State): void {
    if (!this.lies.includes('amnesia')) return;
    state.lockedRound = -1;
    state.lockedHash = null;
  }

  /** What a peer gets instead of a message. */
  tell(state: State, message: Message, to: number): Message[] {
    const { lies, random } = this;
    if (lies.includes('silent') && (to % 3 === 0 || random.chance(0.2))) return [];
    const own = state.context.validators.indexOf(this.key);
    if (own < 0) return [message];
    if (message.type === 'vote' && message.vote.validator === own) return [this.vote(state, message.vote, to), ...this.more(state, message.vote)].map((vote) => ({ type: 'vote', vote }));
    if (message.type === 'proposal' && message.proposal.proposer === own) return [{ type: 'proposal', proposal: this.proposal(state, message.proposal, to) }];
    if (message.type === 'certificate' && lies.includes('frame')) return [message, { type: 'certificate', certificate: this.forge(state, message.certificate) }];
    return [message];
  }

  /** What a peer gets that asks for a decided block. */
  sync(state: State, decided: Decided): Decided {
    if (!this.lies.includes('falseSync') || this.random.chance(0.3)) return decided;
    const { block, certificate } = decided;
    const header = { ...block.header, timeMs: block.header.timeMs + 1n };
    const other = { ...certificate, blockHash: blockHash(header) };
    switch (this.random.below(4)) {
      case 0: return { block: { ...block, header }, certificate: this.forge(state, other) };
      case 1: return { block: { ...block, header }, certificate: { ...other, signatures: this.signature(state, other) } };
      case 2: return { block: { ...block, lastCommit: block.lastCommit === null ? null : { ...block.lastCommit, signatures: [] } }, certificate };
      default: return { block: { ...block, header }, certificate };
    }
  }

  private vote(state: State, vote: Vote, to: number): Vote {
    if (!this.lies.includes('split') || to % 2 === 0) return vote;
    const proposed = state.rounds.get(vote.round)?.proposal?.blockHash ?? sha256(utf8('no block'));
    return this.sign({ ...vote, blockHash: vote.blockHash === null ? proposed : null }, vote.validator);
  }

  private more(state: State, vote: Vote): Vote[] {
    const { random, lies } = this;
    const more: Vote[] = [];
    if (lies.includes('flood')) {
      more.push(this.sign({ ...vote, round: vote.round + random.between(1, 8) }, vote.validator));
      more.push(this.sign({ ...vote, round: random.pick([MAX_ROUND, MAX_ROUND + 1, random.below(MAX_ROUND)]) }, vote.validator));
    }
    if (lies.includes('foreign')) more.push({ ...vote, signature: signCheaply(this.key, voteSignBytes(OTHER_GENESIS_HASH, vote)) });
    if (lies.includes('frame')) {
      const victim = random.below(state.context.validators.size);
      more.push({ ...vote, validator: victim, blockHash: null, signature: random.chance(0.5) ? FORGED : vote.signature });
      more.push({ ...vote, validator: state.context.validators.size + 1 });
    }
    return more;
  }

  private proposal(state: State, proposal: Proposal, to: number): Proposal {
    const { lies, random } = this;
    const { block, round, polRound } = proposal;
    if (lies.includes('invalidBlock') && random.chance(0.5)) return this.propose({ ...proposal, block: this.spoil(block), polRound: -1, polka: null });
    if (lies.includes('forgedPolka') && round > 0) {
      const content = { kind: 'prevote' as const, height: proposal.height, round: round - 1, blockHash: proposal.blockHash };
      const signatures = random.chance(0.5) ? this.signature(state, content) : this.forge(state, { ...content, signatures: [] }).signatures;
      return this.propose({ ...proposal, polRound: round - 1, polka: { ...content, signatures } });
    }
    if (lies.includes('split') && to % 2 === 1 && polRound === -1) return this.propose({ ...proposal, block: { ...block, header: { ...block.header, timeMs: block.header.timeMs + 1n } } });
    return proposal;
  }

  private spoil(block: Block): Block {
    const { header } = block;
    switch (this.random.below(5)) {
      case 0: return { ...block, header: { ...header, stateRoot: sha256(header.stateRoot) } };
      case 1: return { ...block, header: { ...header, timeMs: 0n } };
      case 2: return { ...block, header: { ...header, prevHash: sha256(header.prevHash) } };
      case 3: return { ...block, header: { ...header, timeMs: header.timeMs + 3_600_000n } };
      default: return { ...block, header: { ...header, validatorsHash: sha256(header.validatorsHash) } };
    }
  }

  private propose(proposal: Proposal): Proposal {
    const named = { ...proposal, blockHash: blockHash(proposal.block.header) };
    return { ...named, signature: signCheaply(this.key, proposalSignBytes(SIM_GENESIS_HASH, named)) };
  }

  private sign(content: VoteContent, validator: number): Vote {
    const { kind, height, round, blockHash: hash } = content;
    return { kind, height, round, blockHash: hash, validator, signature: signCheaply(this.key, voteSignBytes(SIM_GENESIS_HASH, content)) };
  }

  private signature(state: State, content: VoteContent): Certificate['signatures'] {
    const { validator, signature } = this.sign(content, state.context.validators.indexOf(this.key));
    return [{ validator, signature }];
  }

  /** Everybody's signature, as one who has none of their keys can make it. */
  private forge(state: State, certificate: Certificate): Certificate {
    return { ...certificate, signatures: state.context.validators.validators.map((_, validator) => ({ validator, signature: FORGED })) };
  }
}
