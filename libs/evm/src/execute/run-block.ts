import { merkleRoot, transactionsRoot, type Bytes } from '#ledger';
import { EvmError, type PlacementErrorCode } from '../errors.js';
import { Overlay } from '../state/overlay.js';
import type { LmdbChainStore } from '../store/lmdb-chain-store.js';
import { addLogPrefixes } from '../store/log-index.js';
import { ResultsWriter } from '../store/result-codec.js';
import type { AdmittedTransaction } from '../transaction/admitted.js';
import { environmentOf } from './environment.js';
import type { BuildRequest, BuiltBlock, ExecuteRequest, ExecutedBlock, ParentBlock } from './executor.js';
import type { Lane } from './lane.js';
import { checkPlace, runTransaction, type Message } from './run-transaction.js';

const NOTHING: Bytes = new Uint8Array(0);

/** One block in the making: transactions are put on it one after another. */
class BlockRun {
  readonly executed: AdmittedTransaction[] = [];
  private readonly results = new ResultsWriter();
  private readonly logPrefixes = new Set<string>();
  gasUsed = 0n;
  private readonly overlay: Overlay;
  private readonly base;
  private readonly environment;
  private readonly gasLimit: bigint;

  constructor(
    private readonly store: LmdbChainStore,
    private readonly lane: Lane,
    private readonly parent: ParentBlock,
    private readonly timeMs: bigint,
    signal: AbortSignal | undefined,
  ) {
    lane.breath.begin({ signal });
    this.gasLimit = store.genesis.params.blockGasLimit;
    this.base = store.state(parent.height);
    this.overlay = new Overlay(this.base);
    this.environment = environmentOf(parent, timeMs, this.gasLimit);
  }

  /** Executes the transaction, or says why it cannot stand here. */
  async add(transaction: AdmittedTransaction): Promise<PlacementErrorCode | null> {
    const message = messageOf(transaction);
    const fault = checkPlace(this.overlay, message, this.gasLimit - this.gasUsed);
    if (fault !== null) return fault;
    const outcome = await runTransaction(this.lane, this.overlay, this.environment, message);
    if (outcome === null) return 'notExecutable';
    this.gasUsed += outcome.gasUsed;
    this.executed.push(transaction);
    this.results.add(message, {
      transactionHash: transaction.hash, status: outcome.failure === null ? 1 : 0, gasUsed: outcome.gasUsed, contractAddress: outcome.contractAddress, logs: outcome.logs,
    }, outcome.failure?.code === 'executionReverted' ? outcome.returnData : NOTHING);
    addLogPrefixes(this.logPrefixes, outcome.logs);
    return null;
  }

  finish(): ExecutedBlock {
    // The head may have moved while this ran; its tree is then not the one that these changes belong to.
    requireHead(this.store, this.parent);
    const height = this.parent.height + 1n;
    const beganMs = performance.now();
    const overlay = this.store.stateWriter.overlayOf(this.overlay, this.base, height);
    const treeMs = performance.now() - beganMs;
    const { results, leaves } = this.results.finish();
    return {
      parent: this.parent, height, timeMs: this.timeMs, executed: this.executed, results, logPrefixes: this.logPrefixes, overlay, stateRoot: overlay.root,
      receiptsRoot: merkleRoot(leaves),
      txRoot: transactionsRoot(this.executed.map(({ raw }) => raw)),
      gasUsed: this.gasUsed, treeMs,
    };
  }
}

/** The transaction makes its fields whenever it is asked: here each is needed several times. */
function messageOf(transaction: AdmittedTransaction): Message {
  const { sender, senderKey, nonce, gasLimit, to, value, data, accessList, intrinsicGas, floorGas } = transaction;
  return { sender, senderKey, nonce, gasLimit, to, value, data, accessList, intrinsicGas, floorGas };
}

export function requireHead(store: LmdbChainStore, parent: ParentBlock): void {
  const head = store.head();
  if (head.height !== parent.height || Buffer.compare(head.hash, parent.hash) !== 0) {
    throw new EvmError('staleParent', `the block builds on height ${parent.height}, the head is ${head.height}`);
  }
}

export async function executeBlock(store: LmdbChainStore, lane: Lane, request: ExecuteRequest): Promise<ExecutedBlock> {
  requireHead(store, request.parent);
  const run = new BlockRun(store, lane, request.parent, request.timeMs, request.signal);
  for (const [index, transaction] of request.transactions.entries()) {
    await lane.breath.look();
    const fault = await run.add(transaction);
    if (fault !== null) throw new EvmError('invalidBlock', `transaction ${index} cannot stand there: ${fault}`, { index, cause: fault });
  }
  return run.finish();
}

/** Header, certificate of a large set and some evidence fit into this beside the transactions. */
const BODY_MARGIN_BYTES = 128 * 1024;
/** Raw transaction and its u32 length prefix. */
const PREFIX_BYTES = 4;
const LEAST_GAS = 21_000n;

export async function buildBlock(store: LmdbChainStore, lane: Lane, request: BuildRequest): Promise<BuiltBlock> {
  requireHead(store, request.parent);
  const { params } = store.genesis;
  const run = new BlockRun(store, lane, request.parent, request.timeMs, request.signal);
  const deadlineMs = performance.now() + request.budgetMs;
  const maxBytes = request.maxBytes ?? Math.max(params.maxBlockBytes - BODY_MARGIN_BYTES, params.maxBlockBytes / 2);
  const skipped: { transaction: AdmittedTransaction; code: PlacementErrorCode }[] = [];
  const transactions: Bytes[] = [];
  let bytes = 0;
  for (const transaction of request.candidates) {
    const full = transactions.length >= (request.maxTransactions ?? Infinity) || params.blockGasLimit - run.gasUsed < LEAST_GAS;
    if (full || performance.now() >= deadlineMs) break;
    if (bytes + transaction.raw.length + PREFIX_BYTES > maxBytes) continue;
    await lane.breath.look();
    const code = await run.add(transaction);
    if (code !== null) {
      skipped.push({ transaction, code });
      continue;
    }
    bytes += transaction.raw.length + PREFIX_BYTES;
    transactions.push(transaction.raw);
  }
  return { ...run.finish(), transactions, skipped };
}
