import { sha256, toHex, utf8, type Bytes, type Message, type Proposal, type State, type Vote } from '../../src/index.js';
import type { Decided } from '../chain.js';
import type { Lie } from '../plan.js';
import type { Prng } from '../prng.js';
import { transactionOf } from '../transactions.js';
import type { Conspiracy } from './conspiracy.js';
import { FORGED, Forger } from './forger.js';
import { spoil } from './spoil.js';
import { falseDecided } from './sync.js';

const OTHER_GENESIS_HASH = sha256(utf8('another genesis'));
const MAX_ROUND = 0x7fff_ffff;
/** For each precommit to a peer; higher where somebody is deaf. */
const DEATH_RATE = 0.03;
const LAST_WORDS = 2;
/** It comes back in a later height, to die again; or not. */
const FINAL_RATE = 0.2;
const FOR_EVER = 2n ** 64n;
/** Votes of far rounds that follow each vote. */
const FLOOD = 4;
const MAX_REMEMBERED = 32;

/** What a liar may do to the world. */
export interface Stage {
  /** Who hears no prevotes at present; −1 for nobody. */
  readonly deaf: number;
  /** Nobody hears of a node for a while, and then its process ends. */
  abandon(node: number): void;
}

/** A faulty validator: its machine is honest, and this is what becomes of its messages. */
export class Liar {
  private readonly forger: Forger;
  /** Own messages of earlier heights. */
  private readonly remembered: Message[] = [];
  /** The only peer that it still speaks to; −1 before it dies. */
  private confidant = -1;
  private deadUpTo = 0n;
  private lastWords = 0;
  private latest: { place: string; proposal: Proposal } | null = null;

  /** @param keys of all liars: they act together. */
  constructor(
    key: Bytes,
    keys: readonly Bytes[],
    private readonly lies: readonly Lie[],
    private readonly random: Prng,
    private readonly stage: Stage,
    private readonly conspiracy: Conspiracy | null,
  ) {
    this.forger = new Forger(key, keys, random);
  }

  tells(lie: Lie): boolean {
    return this.lies.includes(lie);
  }

  /** Before each input. */
  forget(state: State): void {
    if (!this.tells('amnesia')) return;
    state.lockedRound = -1;
    state.lockedHash = null;
  }

  /** What a peer gets instead of a message. */
  tell(state: State, message: Message, to: number): Message[] {
    const { random } = this;
    if (this.tells('dies') && this.isDead(state, message, to)) return [];
    if (this.tells('silent') && (to % 3 === 0 || random.chance(0.2))) return [];
    const own = state.context.validators.indexOf(this.forger.key);
    if (own < 0) return [message];
    const told: Message[] = this.conspired(state, message, to, own) ?? this.instead(state, message, to, own);
    if (this.tells('replay')) told.push(...this.old(message));
    return told;
  }

  /** Its last words are a precommit that one peer alone hears, which may go on with it where nobody can follow. */
  private isDead({ context: { height } }: State, message: Message, to: number): boolean {
    const { stage, random } = this;
    if (height > this.deadUpTo) this.confidant = -1;
    if (this.confidant < 0 && message.type === 'vote' && message.vote.kind === 'precommit' && random.chance(stage.deaf >= 0 ? 4 * DEATH_RATE : DEATH_RATE)) {
      [this.deadUpTo, this.lastWords] = [random.chance(FINAL_RATE) ? FOR_EVER : height, LAST_WORDS];
      this.confidant = stage.deaf >= 0 && random.chance(0.7) ? stage.deaf : to;
      stage.abandon(this.confidant);
    }
    return this.confidant >= 0 && (to !== this.confidant || this.lastWords-- <= 0);
  }

  /** What a peer gets that asks for a decided block. */
  sync(state: State, decided: Decided): Decided {
    return !this.tells('falseSync') || this.random.chance(0.3) ? decided : falseDecided(decided, state, this.forger, this.random);
  }

  /** As if it were decided: what is about to be, with the prevotes for it. */
  offers(state: State): Decided[] {
    const { polka } = state;
    if (polka === null || polka.blockHash === null || !this.tells('falseSync') || !this.random.chance(0.3)) return [];
    const block = state.blocks.get(toHex(polka.blockHash))?.block;
    return block === undefined ? [] : [{ block, certificate: polka }];
  }

  /** What conspirators agreed to tell this peer; null where that is nothing. */
  private conspired(state: State, message: Message, to: number, own: number): Message[] | null {
    const { conspiracy, forger } = this;
    if (conspiracy === null) return null;
    if (message.type === 'proposal' && message.proposal.proposer === own) return [{ type: 'proposal', proposal: conspiracy.proposal(state, message.proposal, forger, to) }];
    if (message.type !== 'vote' || message.vote.validator !== own) return null;
    const { height, round } = message.vote;
    const blockHash = conspiracy.blockFor(state, height, round, to);
    if (blockHash === undefined) return null;
    const told: Message[] = (['prevote', 'precommit'] as const).map((kind) => ({ type: 'vote', vote: forger.vote({ kind, height, round, blockHash }, own) }));
    const commit = { kind: 'precommit' as const, height, round, blockHash };
    // Where they are many it holds, and comes before the block.
    return this.random.chance(0.3) ? [{ type: 'certificate', certificate: { ...commit, signatures: forger.thin(state, commit) } }, ...told] : told;
  }

  private instead(state: State, message: Message, to: number, own: number): Message[] {
    if (message.type === 'vote' && message.vote.validator === own) {
      const votes = [...this.votes(state, message.vote, to), ...this.more(state, message.vote)];
      const told: Message[] = votes.map((vote) => ({ type: 'vote', vote }));
      if (this.tells('badCertificate')) told.push(...this.certificates(state, message.vote));
      if (this.tells('frame')) told.push(this.framing(state, message.vote, own));
      if (this.tells('outOfTurn')) told.push(...this.outOfTurn(state, message.vote, own));
      return told;
    }
    if (message.type === 'proposal' && message.proposal.proposer === own) return this.proposals(state, message.proposal, to).map((proposal) => ({ type: 'proposal', proposal }));
    if (message.type === 'certificate' && this.tells('badCertificate')) return [message, { type: 'certificate', certificate: this.forger.certificate(state, message.certificate) }];
    if (message.type === 'skipProof' && this.tells('frame')) return [message, { type: 'skipProof', votes: message.votes.map((vote) => ({ ...vote, round: vote.round + 3 })) }];
    return [message];
  }

  private votes(state: State, vote: Vote, to: number): Vote[] {
    const other = { ...vote, blockHash: vote.blockHash === null ? (this.blockOf(state, vote.round) ?? sha256(utf8('no block'))) : null };
    if (this.tells('double')) return [vote, this.forger.vote(other, vote.validator)];
    return this.tells('split') && to % 2 === 1 ? [this.forger.vote(other, vote.validator)] : [vote];
  }

  private blockOf(state: State, round: number): Bytes | undefined {
    return state.rounds.get(round)?.proposal?.blockHash;
  }

  private more(state: State, vote: Vote): Vote[] {
    const { random, forger } = this;
    const { size } = state.context.validators;
    const more: Vote[] = [];
    if (this.tells('flood')) {
      more.push(forger.vote({ ...vote, round: vote.round + random.between(1, 8) }, vote.validator));
      more.push(forger.vote({ ...vote, round: random.pick([MAX_ROUND, MAX_ROUND + 1]) }, vote.validator));
      for (let i = 0; i < FLOOD; i++) more.push(forger.vote({ ...vote, round: random.below(MAX_ROUND) }, vote.validator));
    }
    if (this.tells('foreign')) more.push(forger.vote(vote, vote.validator, OTHER_GENESIS_HASH));
    if (this.tells('frame')) {
      more.push({ ...vote, validator: random.below(size), blockHash: null, signature: random.chance(0.5) ? FORGED : vote.signature });
      more.push({ ...vote, validator: size + 1 });
    }
    return more;
  }

  /** Accuses somebody of what it never signed. */
  private framing(state: State, { kind, height, round }: Vote, own: number): Message {
    const others = state.context.validators.validators.filter((_, i) => i !== own);
    const accused = others.length === 0 ? this.forger.key : this.random.pick(others).publicKey;
    return { type: 'evidence', evidence: this.forger.evidence(accused, { kind, height, round }) };
  }

  /** For the round's block, and for one of its own: polkas and commits that never were. */
  private certificates(state: State, vote: Vote): Message[] {
    const { forger, random } = this;
    const hash = vote.blockHash ?? this.blockOf(state, vote.round);
    if (hash === undefined || !random.chance(0.5)) return [];
    const kind = random.pick(['prevote', 'precommit'] as const);
    return [{ type: 'certificate', certificate: forger.certificate(state, { kind, height: vote.height, round: random.chance(0.7) ? vote.round : vote.round + random.below(3), blockHash: hash }) }];
  }

  /** As if it were the proposer: the round's block, a little later. */
  private outOfTurn(state: State, { kind, round }: Vote, own: number): Message[] {
    const proposal = kind === 'prevote' ? state.rounds.get(round)?.proposal : null;
    if (proposal == null || proposal.proposer === own) return [];
    const block = { ...proposal.block, header: { ...proposal.block.header, timeMs: proposal.block.header.timeMs + 1n } };
    const told = this.forger.propose({ ...proposal, proposer: own }, block);
    return [{ type: 'proposal', proposal: told }, { type: 'proposal', proposal: { ...told, proposer: proposal.proposer } }];
  }

  private proposals(state: State, proposal: Proposal, to: number): Proposal[] {
    const { forger } = this;
    const { block, polRound } = proposal;
    const made = this.made(state, proposal);
    if (made !== proposal) return [made];
    if (this.tells('foreign')) return [forger.proposal(proposal, OTHER_GENESIS_HASH), proposal];
    if (this.tells('twoBodies') && to % 3 === 0) {
      // The header is the true one, so both have one hash.
      return [forger.proposal({ ...proposal, block: { ...block, transactions: [...block.transactions, transactionOf(0xfd00, { type: 'plain' })] } })];
    }
    const later = { ...block, header: { ...block.header, timeMs: block.header.timeMs + 1n } };
    if (polRound === -1 && this.tells('double')) return [proposal, forger.propose(proposal, later)];
    if (polRound === -1 && this.tells('split') && to % 2 === 1) return [forger.propose(proposal, later)];
    return [proposal];
  }

  /** A proposal of its own instead, the same for everybody: who is told different things decides nothing. */
  private made(state: State, proposal: Proposal): Proposal {
    const { random, forger } = this;
    const place = `${proposal.height}/${proposal.round}`;
    if (this.latest?.place === place) return this.latest.proposal;
    const made =
      this.tells('invalidBlock') && random.chance(0.85) ? forger.propose(proposal, spoil(proposal.block, state, forger, random))
      : this.tells('forgedPolka') && proposal.round > 0 && random.chance(0.7) ? this.withForgedPolka(state, proposal)
      : this.tells('oldPolka') && random.chance(0.9) ? this.withOldPolka(state, proposal)
      : proposal;
    this.latest = { place, proposal: made };
    return made;
  }

  private withForgedPolka(state: State, proposal: Proposal): Proposal {
    const { random, forger } = this;
    const polRound = random.chance(0.8) ? random.below(proposal.round) : proposal.round + random.below(3);
    const content = { kind: random.chance(0.9) ? ('prevote' as const) : ('precommit' as const), height: proposal.height, round: polRound, blockHash: proposal.blockHash };
    return forger.proposal({ ...proposal, polRound, polka: forger.certificate(state, content) });
  }

  /** A polka that was, of any earlier round, for a block that may have been left behind since. */
  private withOldPolka(state: State, proposal: Proposal): Proposal {
    const known = [...state.rounds].flatMap(([round, { polka }]) => {
      const block = polka === null || round >= proposal.round ? undefined : [...state.blocks].find(([key]) => polka.blockHash !== null && key === toHex(polka.blockHash))?.[1].block;
      return polka === null || polka.blockHash === null || block === undefined ? [] : [{ round, polka, block, blockHash: polka.blockHash }];
    });
    if (known.length === 0) return proposal;
    const { round, polka, block, blockHash } = this.random.chance(0.7) ? known.reduce((a, b) => (a.round < b.round ? a : b)) : this.random.pick(known);
    // Perhaps as if it were newer than it is.
    const polRound = this.random.chance(0.25) ? round : proposal.round - 1;
    return this.forger.proposal({ ...proposal, polRound, polka, block, blockHash });
  }

  /** Remembers what it says, and says again what it said heights ago. */
  private old(message: Message): Message[] {
    const { remembered, random } = this;
    if (remembered.length < MAX_REMEMBERED) remembered.push(message);
    else remembered[random.below(MAX_REMEMBERED)] = message;
    return random.chance(0.3) ? [random.pick(remembered)] : [];
  }
}
