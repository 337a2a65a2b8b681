import type { Bytes } from '../encoding/index.js';
import type { Block } from '../formats/block.js';
import type { Certificate } from '../formats/certificate.js';
import type { Evidence } from '../formats/evidence.js';
import type { Proposal } from '../formats/proposal.js';
import type { Vote } from '../formats/vote.js';
import type { ExecutionOutcome } from './input.js';
import type { SignRequest } from './record.js';

export type TimerKind = 'propose' | 'prevote' | 'precommit' | 'rebroadcast' | 'pace' | 'minInterval';

/** One timer of each kind runs at a time: setting one replaces it. An expired timer of another height or round is ignored. */
export interface TimerId {
  kind: TimerKind;
  height: bigint;
  round: number;
}

export type Message =
  | { type: 'proposal'; proposal: Proposal }
  | { type: 'vote'; vote: Vote }
  | { type: 'certificate'; certificate: Certificate }
  | { type: 'skipProof'; votes: readonly Vote[] }
  | { type: 'evidence'; evidence: Evidence };

/** What the shell must do, in this order. Nothing is ever broadcast before its record is durable. */
export type Effect =
  /** Have it signed, the record made durable, and then answer `signed`. The first record of a height may replace the log. */
  | { type: 'sign'; id: number; request: SignRequest }
  /** Send to every peer. A peer at another height drops it; the shell answers laggards with decided blocks. */
  | { type: 'broadcast'; message: Message }
  | { type: 'setTimer'; timer: TimerId; delayMs: number }
  /** Build and execute a new block on the head; answer `built` (header complete, later than `minTimeMs`). */
  | { type: 'build'; height: bigint; round: number; minTimeMs: bigint; lastCommit: Certificate | null; evidence: readonly Evidence[] }
  /** Execute a proposed block in an overlay; answer `executed`. Its form and header have been checked. */
  | { type: 'execute'; height: bigint; blockHash: Bytes; block: Block }
  /** Commit durably. The machine is at the next height already. */
  | { type: 'decide'; block: Block; certificate: Certificate; outcome: ExecutionOutcome }
  /** Proven, and new to this node: keep it, and feed it again after a restart while it may still stand in a block. */
  | { type: 'reportEvidence'; evidence: Evidence }
  /** A quorum decided this height and the block is not here: ask peers for it. */
  | { type: 'requestSync'; height: bigint }
  /** Safety is lost, or the chain and this node disagree on what a certified block does: stop, and keep what proves it. */
  | { type: 'halt'; reason: string; proof: HaltProof };

/** What shows why a node halted: the certificates, two where they conflict, and the block that does something else here. */
export interface HaltProof {
  certificates: readonly Certificate[];
  block: Block | null;
}
