import type { Bytes } from '../encoding/index.js';
import type { Block } from '../formats/block.js';
import type { Certificate, Verify } from '../formats/certificate.js';
import type { Evidence } from '../formats/evidence.js';
import type { Params } from '../formats/params.js';
import type { Proposal } from '../formats/proposal.js';
import type { FaultModel } from '../formats/quorum.js';
import type { ValidatorSet } from '../formats/validators.js';
import type { Vote } from '../formats/vote.js';
import type { ExecutionOutcome } from './input.js';
import type { LogRecord, SignedKind } from './record.js';
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
}

export type Step = 'newHeight' | 'propose' | 'prevote' | 'precommit';

export interface KnownBlock {
  block: Block;
  status: 'executing' | 'valid' | 'invalid';
  outcome: ExecutionOutcome | null;
}

export interface RoundState {
  proposal: Proposal | null;
  prevotes: VoteSet;
  precommits: VoteSet;
}

/** What was asked of the shell and not yet answered. */
export interface Pending {
  kind: SignedKind;
  round: number;
  blockHash: Bytes | null;
  signBytes: Bytes;
  record: LogRecord | null;
  proposal: Omit<Proposal, 'signature'> | null;
}

/** One node's consensus, in one height. `step` changes it in place; nothing else may. */
export interface State {
  readonly config: MachineConfig;
  context: HeightContext;
  round: number;
  step: Step;
  lockedRound: number;
  lockedHash: Bytes | null;
  validRound: number;
  validHash: Bytes | null;
  polka: Certificate | null;
  rounds: Map<number, RoundState>;
  /** Of each validator the vote of the highest round beyond those kept in `rounds`. */
  farVotes: Map<number, Vote>;
  blocks: Map<string, KnownBlock>;
  /** Own messages of this height, by kind and round: never signed twice. */
  signed: Map<string, LogRecord | null>;
  pending: Map<number, Pending>;
  nextId: number;
  /** The votes that let this node enter its round. */
  entryProof: readonly Vote[];
  timersSet: Set<string>;
  maySign: boolean;
  transactionsAvailable: boolean;
  minIntervalOver: boolean;
  due: boolean;
  syncRequested: boolean;
  halted: boolean;
  evidence: Map<string, Evidence>;
}

export function createState(config: MachineConfig, context: HeightContext): State {
  return { config, evidence: new Map(), nextId: 1, halted: false, maySign: false, ...freshHeight(context) };
}

/** Everything that a new height begins anew. */
export function freshHeight(context: HeightContext): Omit<State, 'config' | 'evidence' | 'nextId' | 'halted' | 'maySign'> {
  return {
    context, round: 0, step: 'newHeight', lockedRound: -1, lockedHash: null, validRound: -1, validHash: null, polka: null,
    rounds: new Map(), farVotes: new Map(), blocks: new Map(), signed: new Map(), pending: new Map(), entryProof: [], timersSet: new Set(),
    transactionsAvailable: false, minIntervalOver: false, due: false, syncRequested: false,
  };
}

/** The state of a round, made at its first use. */
export function roundState(state: State, round: number): RoundState {
  let found = state.rounds.get(round);
  if (found === undefined) {
    const { validators } = state.context;
    found = { proposal: null, prevotes: new VoteSet(validators, 'prevote', round), precommits: new VoteSet(validators, 'precommit', round) };
    state.rounds.set(round, found);
  }
  return found;
}
