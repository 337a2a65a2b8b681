import type { Bytes } from '../encoding/index.js';
import type { Block } from '../formats/block.js';
import type { Certificate } from '../formats/certificate.js';
import type { Evidence } from '../formats/evidence.js';
import type { Params } from '../formats/params.js';
import type { Proposal } from '../formats/proposal.js';
import type { ValidatorSet } from '../formats/validators.js';
import type { Vote } from '../formats/vote.js';
import type { LogRecord } from './record.js';
import type { TimerId } from './effect.js';

/** What executing a block in a throw-away overlay gives. */
export interface ExecutionOutcome {
  stateRoot: Bytes;
  receiptsRoot: Bytes;
  /** Who votes from the next height on. */
  nextValidators: ValidatorSet;
  /** The parameters of the next height. */
  params: Params;
}

/**
 * How the shell drives the machine (docs/spec/consensus.md, "Who does what"): one input at a time, in order; the effects of one
 * step are carried out in their order before the next input. Answers (`signed`, `built`, `executed`) may come later
 * and in between; those of a height that is over are ignored.
 *
 * Start: `createState` with the context above the durable head, then `start` with the log's records, and only then messages
 * from the network. Messages of other heights are ignored here: the shell keeps those of the next heights until `decide`, and
 * answers those of older heights with the decided block. Observers are machines with `self: null` and `maySign: false`.
 */
export type Input =
  /** First input of a process. `records`: this height's, from the safety log. `maySign`: false for an observer or a damaged log. */
  | { type: 'start'; records: readonly LogRecord[]; maySign: boolean }
  /** A message of a peer; signatures are checked here. `nowMs`: the local clock, for the timeliness of new proposals. */
  | { type: 'proposal'; proposal: Proposal; nowMs: bigint }
  | { type: 'vote'; vote: Vote }
  /** A certificate of this height that a peer sent; every signature is checked, and it must hold a quorum. */
  | { type: 'certificate'; certificate: Certificate }
  /** The votes that let a peer enter a round; each counts like a vote. */
  | { type: 'skipProof'; votes: readonly Vote[] }
  /** What a peer, or this node's own folder, proves of a validator, at whatever height. Checked here. */
  | { type: 'evidence'; evidence: Evidence }
  /** A block of this height that a peer has decided, executed by the shell. Decides it if the certificate holds. */
  | { type: 'syncedBlock'; block: Block; certificate: Certificate; outcome: ExecutionOutcome }
  | { type: 'timeout'; timer: TimerId }
  /** Answers `build`. */
  | { type: 'built'; height: bigint; round: number; block: Block; outcome: ExecutionOutcome }
  /** Answers `execute`; `outcome` null where the block is invalid. */
  | { type: 'executed'; height: bigint; blockHash: Bytes; outcome: ExecutionOutcome | null }
  /** Answers `sign`: signed, and the record is durable. */
  | { type: 'signed'; id: number; signature: Bytes }
  /** The pool holds transactions for this height. Feed it again after each decision while the pool is not empty. */
  | { type: 'transactionsAvailable'; height: bigint };
