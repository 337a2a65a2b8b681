import {
  blockHash, certificateHash, createState, DEFAULT_PARAMS, equalBytes, evidenceRoot, NOBODY_ACCUSED, paramsHash, proposalSignBytes, proposerIndex, sha256, step, toHex, transactionsRoot, utf8, ValidatorSet,
  voteSignBytes, ZERO_HASH, type Block, type Bytes, type Certificate, type Effect, type ExecutionOutcome, type FaultModel, type HeightContext, type Input, type LogRecord,
  type Message, type Params, type Proposal, type State, type TimerKind, type Verify, type Vote, type VoteKind,
} from '../src/index.js';
import { keyPairOf } from '../src/crypto/ed25519.js';

/** One machine under test, with the other validators' messages at hand. Blocks have names; `nil` is no block. */

export const GENESIS_HASH = sha256(utf8('machine tests'));
export const PARAMS: Params = { ...DEFAULT_PARAMS, minBlockIntervalMs: 20 };

/** A signature that binds key and message, as cheap as a hash. */
export const toySign = (publicKey: Bytes, message: Bytes): Bytes => new Uint8Array([...sha256(publicKey, message), ...ZERO_HASH]);
export const toyVerify: Verify = (publicKey, message, signature) => equalBytes(toySign(publicKey, message), signature);

const SETS = new Map<string, ValidatorSet>();

/** The same set for the same powers: checking keys is slow. */
export function validatorsOf(powers: readonly bigint[]): ValidatorSet {
  let found = SETS.get(powers.join());
  if (found === undefined) {
    found = new ValidatorSet(powers.map((power, i) => ({ publicKey: keyPairOf(new Uint8Array(32).fill(i + 1)).publicKey, power })));
    SETS.set(powers.join(), found);
  }
  return found;
}

export interface RigOptions {
  powers?: readonly bigint[];
  model?: FaultModel;
  /** Index of this node; null observes. */
  self?: number | null;
  context?: Partial<HeightContext>;
  records?: readonly LogRecord[];
  maySign?: boolean;
}

export class Rig {
  readonly validators: ValidatorSet;
  readonly state: State;
  readonly self: number | null;
  /** Records in the order in which they were asked to be durable. */
  readonly records: LogRecord[] = [];
  /** Everything it broadcast. */
  readonly sent: Message[] = [];
  /** The timer of each kind that was set last. */
  readonly timers = new Map<TimerKind, Extract<Effect, { type: 'setTimer' }>>();
  /** Name of the next block that it builds. */
  builds = 'new';
  /** Names of blocks that do not execute. */
  readonly invalid = new Set<string>();
  /** What blocks of these names do differently. */
  readonly outcomes = new Map<string, Partial<ExecutionOutcome>>();
  private readonly names = new Map<string, string>();
  private readonly blocks = new Map<string, Block>();

  constructor(private readonly options: RigOptions = {}) {
    this.validators = validatorsOf(options.powers ?? [1n, 1n, 1n, 1n]);
    this.self = options.self === undefined ? 0 : options.self;
    const context: HeightContext = {
      height: 1n, prevHash: GENESIS_HASH, prevTimeMs: 1000n, prevCommit: null, prevValidators: null, validators: this.validators, params: PARAMS,
      emptyBlocks: PARAMS.trailingBlocks, accused: NOBODY_ACCUSED, ...options.context,
    };
    const self = this.self === null ? null : this.keyOf(this.self);
    this.state = createState({ genesisHash: GENESIS_HASH, faultModel: options.model ?? 'BFT', self, verify: toyVerify }, context);
  }

  keyOf(index: number): Bytes {
    const validator = this.validators.at(index);
    if (validator === undefined) throw new Error(`no validator ${index}`);
    return validator.publicKey;
  }

  start(): string[] {
    return this.run({ type: 'start', records: this.options.records ?? [], maySign: this.options.maySign ?? this.self !== null });
  }

  /** One step; the effects as they are. */
  feed(input: Input): Effect[] {
    const { effects } = step(this.state, input);
    for (const effect of effects) if (effect.type === 'setTimer') this.timers.set(effect.timer.kind, effect);
    return effects;
  }

  /** Feeds inputs and answers sign, persist, execute and build at once; what the node did, in words. */
  run(...inputs: readonly Input[]): string[] {
    const said: string[] = [];
    const waiting = [...inputs];
    for (let input = waiting.shift(); input !== undefined; input = waiting.shift()) {
      for (const effect of this.feed(input)) {
        if (effect.type === 'broadcast') this.sent.push(effect.message);
        said.push(...this.describe(effect));
        const answer = this.answer(effect);
        if (answer !== null) waiting.unshift(answer);
      }
    }
    return said;
  }

  answer(effect: Effect): Input | null {
    switch (effect.type) {
      case 'sign': {
        const signature = toySign(this.keyOf(this.self ?? 0), effect.request.signBytes);
        this.records.push({ ...effect.request, signature });
        return { type: 'signed', id: effect.id, signature };
      }
      case 'execute': return { type: 'executed', height: effect.height, blockHash: effect.blockHash, outcome: this.outcomeOf(this.nameOf(effect.blockHash)) };
      case 'build': return { type: 'built', height: effect.height, round: effect.round, block: this.block(this.builds, effect.evidence), outcome: this.outcomeOf(this.builds) ?? this.outcome };
      default: return null;
    }
  }

  /** What another machine said, as this one hears it. */
  hear(messages: readonly Message[]): string[] {
    return this.run(...messages.map((message): Input => {
      switch (message.type) {
        case 'proposal': return { type: 'proposal', proposal: message.proposal, nowMs: 2000n };
        case 'vote': return { type: 'vote', vote: message.vote };
        case 'certificate': return { type: 'certificate', certificate: message.certificate };
        case 'skipProof': return { type: 'skipProof', votes: message.votes };
        case 'evidence': return { type: 'evidence', evidence: message.evidence };
      }
    }));
  }

  get outcome(): ExecutionOutcome {
    return { stateRoot: ZERO_HASH, receiptsRoot: ZERO_HASH, nextValidators: this.validators, params: PARAMS };
  }

  private outcomeOf(name: string): ExecutionOutcome | null {
    return this.invalid.has(name) ? null : { ...this.outcome, ...this.outcomes.get(name) };
  }

  block(name: string, evidence: Block['evidence'] = [], header: Partial<Block['header']> = {}, lastCommit: Certificate | null = this.state.context.prevCommit): Block {
    const known = this.blocks.get(name);
    if (known !== undefined) return known;
    const { context } = this.state;
    const transactions = [utf8(name)];
    const block: Block = {
      header: {
        version: 1, genesisHash: GENESIS_HASH, height: context.height, prevHash: context.prevHash, prevCommitHash: lastCommit === null ? ZERO_HASH : certificateHash(lastCommit), timeMs: context.prevTimeMs + 1n,
        proposer: this.keyOf(0), txRoot: transactionsRoot(transactions), txCount: 1, stateRoot: ZERO_HASH, receiptsRoot: ZERO_HASH, validatorsHash: this.validators.hash,
        nextValidatorsHash: this.validators.hash, paramsHash: paramsHash(PARAMS), evidenceRoot: evidenceRoot(evidence), ...header,
      },
      transactions, lastCommit, evidence,
    };
    this.blocks.set(name, block);
    this.names.set(toHex(blockHash(block.header)), name);
    return block;
  }

  hash(name: string): Bytes | null {
    return name === 'nil' ? null : blockHash(this.block(name).header);
  }

  /** A vote of another validator, signed. */
  vote(kind: VoteKind, from: number, round: number, name: string, height = this.state.context.height): Vote {
    const content = { kind, height, round, blockHash: this.hash(name) };
    return { ...content, validator: from, signature: toySign(this.keyOf(from), voteSignBytes(GENESIS_HASH, content)) };
  }

  prevote(from: number, round: number, name: string): Input {
    return { type: 'vote', vote: this.vote('prevote', from, round, name) };
  }

  precommit(from: number, round: number, name: string): Input {
    return { type: 'vote', vote: this.vote('precommit', from, round, name) };
  }

  certificate(kind: VoteKind, round: number, name: string, signers: readonly number[]): Certificate {
    const votes = signers.map((from) => this.vote(kind, from, round, name));
    return { kind, height: this.state.context.height, round, blockHash: this.hash(name), signatures: votes.map(({ validator, signature }) => ({ validator, signature })) };
  }

  /** The proposal of a round's proposer; with a polka of `polRound` by validators 1, 2 and 3 where that is not −1. */
  proposal(round: number, name: string, polRound = -1, change: Partial<Proposal> = {}): Extract<Input, { type: 'proposal' }> {
    const block = this.block(name);
    const proposer = proposerIndex(this.validators, this.state.context.height, round);
    const place = { height: this.state.context.height, round, polRound, blockHash: blockHash(block.header) };
    const signature = toySign(this.keyOf(proposer), proposalSignBytes(GENESIS_HASH, place));
    const polka = polRound === -1 ? null : this.certificate('prevote', polRound, name, [1, 2, 3]);
    return { type: 'proposal', nowMs: 2000n, proposal: { ...place, proposer, signature, block, polka, ...change } };
  }

  timeout(kind: TimerKind, round = this.state.round): Input {
    return { type: 'timeout', timer: { kind, height: this.state.context.height, round } };
  }

  nameOf(hash: Bytes | null): string {
    return hash === null ? 'nil' : (this.names.get(toHex(hash)) ?? '?');
  }

  /** `prevote A`, `propose new -1`, `timer propose 0`, `decide A 1` … Signing, storing and executing are answered, not told. */
  describe(effect: Effect): string[] {
    switch (effect.type) {
      case 'broadcast': return [this.describeMessage(effect.message)];
      case 'setTimer': return effect.timer.kind === 'rebroadcast' ? [] : [`timer ${effect.timer.kind} ${effect.timer.round}`];
      case 'decide': return [`decide ${this.nameOf(blockHash(effect.block.header))} ${effect.certificate.round}`];
      case 'requestSync': return ['sync'];
      case 'reportEvidence': return ['evidence'];
      case 'halt': return ['halt'];
      default: return [];
    }
  }

  private describeMessage(message: Message): string {
    switch (message.type) {
      case 'proposal': return `propose ${this.nameOf(message.proposal.blockHash)} ${message.proposal.polRound}`;
      case 'vote': return `${message.vote.kind} ${this.nameOf(message.vote.blockHash)}`;
      case 'certificate': return `${message.certificate.kind === 'prevote' ? 'polka' : 'commit'} ${this.nameOf(message.certificate.blockHash)} ${message.certificate.round}`;
      case 'skipProof': return `proof ${message.votes.length}`;
      case 'evidence': return 'tell evidence';
    }
  }
}
