import type { Bytes } from '../encoding/index.js';
import type { Block } from '../formats/block.js';
import type { Certificate, Verify } from '../formats/certificate.js';
import type { Evidence } from '../formats/evidence.js';
import type { Params } from '../formats/params.js';
import type { Proposal } from '../formats/proposal.js';
import type { FaultModel } from '../formats/quorum.js';
import type { ValidatorSet } from '../formats/validators.js';
import type { Vote, VoteKind } from '../formats/vote.js';
import type { ExecutionOutcome } from './input.js';
import type { LogRecord, SignRequest } from './record.js';
import { VoteSet } from './votes.js';

export interface MachineConfig {
  genesisHash: Bytes;
  faultModel: FaultModel;
  /** This node's public key; null for an observer. */
  self: Bytes | null;
  verify: Verify;
}

/** What one height begins with: it follows from the block below. */
export interface HeightContext {
  height: bigint;
  prevHash: Bytes;
  prevTimeMs: bigint;
  /** The certificate of the block below, and who signed it; null at height 1. */
  prevCommit: Certificate | null;
  prevValidators: ValidatorSet | null;
  validators: ValidatorSet;
  params: Params;
  /** Empty blocks since the last with transactions; at height 1 as many as `trailingBlocks`. */
  emptyBlocks: number;
  accused: Accused;
}

/** Which equivocations stand in the blocks below, as far back as such may stand in a block: see `accusedAfter`. */
export interface Accused {
  /** All blocks from this height on are known. */
  from: bigint;
  /** The height of the block that holds it, by `evidenceKey`. */
  heights: ReadonlyMap<string, bigint>;
}

export type Step = 'newHeight' | 'propose' | 'prevote' | 'precommit';

export interface KnownBlock {
  block: Block;
  status: 'executing' | 'valid' | 'invalid';
  outcome: ExecutionOutcome | null;
}

export interface RoundState {
  /** The first that came with its proposer's signature. */
  proposal: Proposal | null;
  /** A new proposal that may be valid and is not prevoted here: its time is too far ahead, or it repeats evidence. */
  unwelcome: boolean;
  prevotes: VoteSet;
  precommits: VoteSet;
  /** A verified quorum of prevotes for one block: from the votes above, or a certificate that came whole. */
  polka: Certificate | null;
}

export type UnsignedProposal = Omit<Proposal, 'signature'>;

/** A message of this node that is being signed or made durable. */
export interface Pending {
  request: SignRequest;
  /** Null for a vote. */
  proposal: UnsignedProposal | null;
}

/** One node's consensus, in one height. `step` changes it in place; nothing else may. */
export interface State extends HeightState {
  readonly config: MachineConfig;
  nextId: number;
  maySign: boolean;
  halted: boolean;
  /** Equivocations seen and not yet in a block, by key, height, round and kind. */
  evidence: Map<string, Evidence>;
}

/** What a new height begins anew. */
export interface HeightState {
  context: HeightContext;
  round: number;
  step: Step;
  lockedRound: number;
  lockedHash: Bytes | null;
  validRound: number;
  validHash: Bytes | null;
  /** The prevotes behind `validRound`. */
  polka: Certificate | null;
  /** A quorum's precommits for one block: it is decided as soon as the block is here. */
  commit: Certificate | null;
  rounds: Map<number, RoundState>;
  /** Of each validator that is in a later round, the vote of its highest round. */
  ahead: Map<number, Vote>;
  blocks: Map<string, KnownBlock>;
  /** Own messages of this height by kind and round; null while they are being signed or stored. */
  signed: Map<string, LogRecord | null>;
  /** Blocks and polkas that stand in the log already. */
  logged: Set<string>;
  pending: Map<number, Pending>;
  /** The votes that let this node enter its round. */
  entryProof: readonly Vote[];
  timersSet: Set<string>;
  /** How often this round's messages were sent again. */
  rebroadcasts: number;
  transactionsAvailable: boolean;
  minIntervalOver: boolean;
  due: boolean;
  /** The decided block that is missing here was asked for. */
  syncAsked: boolean;
}

export function createState(config: MachineConfig, context: HeightContext): State {
  return { config, evidence: new Map(), nextId: 1, halted: false, maySign: false, ...freshHeight(context) };
}

export function freshHeight(context: HeightContext): HeightState {
  return {
    context, round: 0, step: 'newHeight', lockedRound: -1, lockedHash: null, validRound: -1, validHash: null, polka: null, commit: null,
    rounds: new Map(), ahead: new Map(), blocks: new Map(), signed: new Map(), logged: new Set(), pending: new Map(), entryProof: [],
    timersSet: new Set(), rebroadcasts: 0, transactionsAvailable: false, minIntervalOver: false, due: false, syncAsked: false,
  };
}

/** The state of a round, made at its first use. */
export function roundState(state: State, round: number): RoundState {
  let found = state.rounds.get(round);
  if (found === undefined) {
    const { context, config } = state;
    const votes = (kind: VoteKind): VoteSet => new VoteSet(context.validators, config.faultModel, kind, round);
    found = { proposal: null, unwelcome: false, prevotes: votes('prevote'), precommits: votes('precommit'), polka: null };
    state.rounds.set(round, found);
  }
  return found;
}
