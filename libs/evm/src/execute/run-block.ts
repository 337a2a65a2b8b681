import { merkleRoot, transactionsRoot, type Bytes } from '#ledger';
import { EvmError, type PlacementErrorCode } from '../errors.js';
import { effectsOf, type StateEffects } from '../state/changes.js';
import { Overlay } from '../state/overlay.js';
import { addLogPrefixes } from '../store/log-index.js';
import { ResultsWriter } from '../store/result-codec.js';
import type { AdmittedTransaction } from '../transaction/admitted.js';
import type { CancelSignal } from './breath.js';
import { environmentOf } from './environment.js';
import type { ParentBlock } from './executor.js';
import type { Lane } from './lane.js';
import type { Message, Outcome } from './message.js';
import { checkPlace, runTransaction } from './run-transaction.js';
import { AccessCheck } from '../system/access.js';
import { applyUpgrade } from '../system/upgrade.js';
import type { ChainView } from './view.js';

const NOTHING: Bytes = new Uint8Array(0);

/** What execution needs of an admitted transaction. */
export type Executable = Pick<AdmittedTransaction, 'hash' | 'raw' | 'sender' | 'senderKey' | 'nonce' | 'gasLimit' | 'to' | 'value' | 'data' | 'accessList' | 'intrinsicGas' | 'floorGas'>;

/** What a block did, before it is put on the state's tree. */
export interface BlockEffects {
  state: StateEffects;
  results: Bytes;
  logPrefixes: ReadonlySet<string>;
  receiptsRoot: Bytes;
  txRoot: Bytes;
  gasUsed: bigint;
}

export interface RunRequest<S extends CancelSignal = AbortSignal> {
  parent: ParentBlock;
  timeMs: bigint;
  signal?: S | undefined;
}

/** One block in the making: transactions are put on it one after another. */
export class BlockRun {
  readonly raws: Bytes[] = [];
  gasUsed = 0n;
  /** Of the transaction that was added last. */
  lastOutcome: Outcome | null = null;
  private readonly results = new ResultsWriter();
  private readonly logPrefixes = new Set<string>();
  private readonly overlay: Overlay;
  private readonly base;
  private readonly environment;
  private readonly access: AccessCheck;
  private readonly gasLimit: bigint;
  private readonly txGasLimit: bigint;

  constructor(
    view: ChainView,
    private readonly lane: Lane,
    { parent, timeMs, signal }: RunRequest<CancelSignal>,
  ) {
    lane.breath.begin({ signal });
    const params = view.paramsAt(parent.height + 1n);
    this.gasLimit = params.blockGasLimit;
    this.txGasLimit = params.txGasLimit;
    this.base = view.state(parent.height);
    this.overlay = new Overlay(this.base);
    applyUpgrade(this.overlay, parent.height + 1n);
    this.access = new AccessCheck(this.overlay, this.base, view.access);
    this.environment = environmentOf(parent, timeMs, this.gasLimit);
  }

  get gasLeft(): bigint {
    return this.gasLimit - this.gasUsed;
  }

  /** Executes the transaction, or says why it cannot stand here. */
  async add(transaction: Executable): Promise<PlacementErrorCode | null> {
    const message = messageOf(transaction);
    // Looked at when it was admitted as well, but the limit may be another since.
    if (message.gasLimit > this.txGasLimit) return 'gasLimitTooHigh';
    const fault = checkPlace(this.overlay, message, this.gasLeft) ?? this.access.fault(message);
    if (fault !== null) return fault;
    const outcome = await runTransaction(this.lane, this.overlay, this.environment, message);
    if (outcome === null) return 'notExecutable';
    this.lastOutcome = outcome;
    this.gasUsed += outcome.gasUsed;
    this.raws.push(transaction.raw);
    this.results.add(message, {
      transactionHash: transaction.hash, status: outcome.failure === null ? 1 : 0, gasUsed: outcome.gasUsed, contractAddress: outcome.contractAddress, logs: outcome.logs,
    }, outcome.failure?.code === 'executionReverted' ? outcome.returnData : NOTHING);
    addLogPrefixes(this.logPrefixes, outcome.logs);
    return null;
  }

  /** The same, but ended at a moment of `performance.now()`: then nothing of the transaction has happened. */
  async addUntil(endMs: number, transaction: Executable): Promise<PlacementErrorCode | 'timeOver' | null> {
    const { breath } = this.lane;
    breath.endAt(endMs);
    try {
      return await this.add(transaction);
    } catch (error) {
      if (!(error instanceof EvmError) || error.code !== 'callTimeout') throw error;
      this.overlay.revertAll();
      return 'timeOver';
    } finally {
      breath.endAt(Infinity);
    }
  }

  finish(): BlockEffects {
    const { results, leaves } = this.results.finish();
    return {
      state: effectsOf(this.overlay, this.base), results, logPrefixes: this.logPrefixes, receiptsRoot: merkleRoot(leaves), txRoot: transactionsRoot(this.raws), gasUsed: this.gasUsed,
    };
  }
}

/** The transaction makes its fields whenever it is asked: here each is needed several times. */
function messageOf(transaction: Executable): Message {
  const { sender, senderKey, nonce, gasLimit, to, value, data, accessList, intrinsicGas, floorGas } = transaction;
  return { sender, senderKey, nonce, gasLimit, to, value, data, accessList, intrinsicGas, floorGas };
}

/** @throws EvmError `invalidBlock` (details.index, details.cause), `cancelled`. */
export async function runBlock(view: ChainView, lane: Lane, request: RunRequest<CancelSignal>, transactions: readonly Executable[]): Promise<BlockEffects> {
  const run = new BlockRun(view, lane, request);
  for (const [index, transaction] of transactions.entries()) {
    await lane.breath.look();
    const fault = await run.add(transaction);
    if (fault !== null) throw new EvmError('invalidBlock', `transaction ${index} cannot stand there: ${fault}`, { index, cause: fault });
  }
  return run.finish();
}
