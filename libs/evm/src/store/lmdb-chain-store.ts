import { storeKeyOf, treeKeyOf, type StateKey, type StateProof } from '#ledger';
import {
  blockHash, decodeBlock, decodeCertificate, decodeHeader, encodeBlock, encodeCertificate, encodeHeader, equalBytes, genesisHash, sha256,
  type Block, type Bytes, type Certificate, type Genesis, type Header, type Params, type ValidatorChange, type ValidatorSet,
} from '#ledger';
import { EvmError } from '../errors.js';
import type { ExecutedBlock } from '../execute/executor.js';
import type { TreePlace } from '../snapshot/part.js';
import type { BlockOverlay } from '../state/block-overlay.js';
import { CodeCache, prunedState, StoredState } from '../state/stored-state.js';
import { Overlay } from '../state/overlay.js';
import { AccessCheck, AccessMemory, accessMessage, type AccessQuestion } from '../system/access.js';
import type { ChainHead, ChainStore, StoredResult, TransactionPlace } from './chain-store.js';
import { candidateHeights, logEntries, matches } from './log-index.js';
import type { LogEntry, LogFilter } from './logs.js';
import { decodeResults } from './result-codec.js';
import type { AdmittedTransaction } from '../transaction/admitted.js';
import { oldestState } from './history.js';
import { Pruner } from './pruner.js';
import { StateWriter } from './state-writer.js';
import { RuleHistory } from './rule-history.js';
import { heightPlace } from './places.js';
import { ENTRY_BYTES, RunIndex } from './run-index.js';
import { runAtOnce, Turns } from './turns.js';
import { asBuffer, heightKey, ownBytes, type Tables } from './tables.js';

const DEFAULT_LOG_LIMIT = 10_000;
/** Twice as much in hex, and the rest of 10,000 logs, fit into one answer. A block's gas bounds what is in one block. */
const DEFAULT_LOG_BYTES = 8 * 1024 * 1024;
/** As long as a call may take. One block is read whatever it takes. */
const MOST_SEARCH_MS = 5_000;
/** Spaces of the run table. */
const TRANSACTIONS = 0;
const LOGS = 1;
export const HEAD_KEY = Buffer.from('head');
export const BASE_KEY = Buffer.from('base');

/** How long the states of earlier blocks stay. */
export interface StateHistory {
  /** Blocks below the head whose states are kept; `archive` (the default here) keeps all. What was pruned does not come back. */
  history?: number | 'archive';
  /** Told once when pruning cannot go on: the store still works, and grows. */
  pruningFailed?: (error: unknown) => void;
}

/** The store over LMDB tables that hold at least genesis. See ChainStore for the contract. */
export class LmdbChainStore implements ChainStore {
  readonly genesisHash: Bytes;
  readonly base: bigint;
  readonly stateWriter: StateWriter;
  private readonly codes: CodeCache;
  private readonly rules: RuleHistory;
  private readonly transactionIndex: RunIndex;
  private readonly logIndex: RunIndex;
  private readonly turns = new Turns();
  private readonly pruner: Pruner | null;
  /** Where nothing is pruned any more. */
  private readonly oldestBefore: bigint;
  readonly access = new AccessMemory();
  private headAccess: { height: bigint; check: AccessCheck } | null = null;
  private current: ChainHead;
  private closed = false;

  constructor(
    private readonly tables: Tables,
    readonly genesis: Genesis,
    { history = 'archive', pruningFailed = () => undefined }: StateHistory = {},
  ) {
    this.genesisHash = genesisHash(genesis);
    this.codes = new CodeCache(tables);
    this.rules = new RuleHistory(tables, genesis);
    this.transactionIndex = new RunIndex(tables.runs, tables.fences, TRANSACTIONS);
    this.logIndex = new RunIndex(tables.runs, tables.fences, LOGS);
    this.base = tables.meta.get(BASE_KEY)?.readBigUInt64BE(0) ?? 0n;
    const height = tables.meta.get(HEAD_KEY)?.readBigUInt64BE(0);
    if (height === undefined) throw new EvmError('damagedStore', 'the store has no head');
    this.stateWriter = new StateWriter(tables, height);
    this.current = this.readHead(height);
    this.oldestBefore = oldestState(tables, this.base);
    this.pruner = history === 'archive' ? null : new Pruner(tables, { depth: history, base: this.base, head: height }, pruningFailed);
  }

  head(): ChainHead {
    return this.current;
  }

  block(at: bigint | Bytes): Block | null {
    const height = this.heightAt(at);
    const stored = height === null ? null : this.bytes('blocks', height);
    return stored === null ? null : decodeBlock(stored);
  }

  header(at: bigint | Bytes): Header | null {
    const height = this.heightAt(at);
    const stored = height === null ? null : this.bytes('headers', height);
    return stored === null ? null : decodeHeader(stored);
  }

  blockBytes(height: bigint): Bytes | null {
    return this.bytes('blocks', height);
  }

  blockHashAt(height: bigint): Bytes | null {
    if (height === 0n) return this.genesisHash;
    if (height === this.current.height) return this.current.hash;
    const header = this.bytes('headers', height);
    return header === null ? null : sha256(header);
  }

  heightOf(hash: Bytes): bigint | null {
    const height = this.live.heights.get(asBuffer(hash))?.readBigUInt64BE(0);
    return height === undefined || height > this.current.height ? null : height;
  }

  certificate(height: bigint): Certificate | null {
    const stored = this.bytes('certificates', height);
    return stored === null ? null : decodeCertificate(stored);
  }

  results(height: bigint): StoredResult[] | null {
    const stored = this.bytes('results', height);
    return stored === null ? null : decodeResults(stored);
  }

  has(transactionHash: Bytes): boolean {
    return this.placeOfTransaction(transactionHash) !== null;
  }

  transaction(hash: Bytes): TransactionPlace | null {
    const found = this.placeOfTransaction(hash);
    if (found === null) return null;
    const { height, index, result } = found;
    const block = this.block(height);
    const raw = block?.transactions[index];
    if (block === null || raw === undefined) throw new EvmError('damagedStore', `the index names transaction ${index} of block ${height}, which is not there`);
    return { height, blockHash: blockHash(block.header), timeMs: block.header.timeMs, index, raw, result };
  }

  logs(filter: LogFilter): LogEntry[] {
    return runAtOnce(this.searchLogs(filter));
  }

  findLogs(filter: LogFilter): Promise<LogEntry[]> {
    return this.turns.run(this.searchLogs(filter), filter.fromHeight === filter.toHeight ? Infinity : MOST_SEARCH_MS);
  }

  private *searchLogs(filter: LogFilter): Generator<void, LogEntry[]> {
    const toHeight = filter.toHeight > this.current.height ? this.current.height : filter.toHeight;
    const bounded = { ...filter, toHeight };
    const limit = filter.limit ?? DEFAULT_LOG_LIMIT;
    const mostBytes = filter.fromHeight === filter.toHeight ? Infinity : (filter.bytes ?? DEFAULT_LOG_BYTES);
    const entries: LogEntry[] = [];
    let bytes = 0;
    for (const height of yield* candidateHeights(this.logIndex, bounded)) {
      yield;
      for (const entry of this.logsOf(height, bounded)) {
        entries.push(entry);
        bytes += entry.data.length;
        if (entries.length > limit) throw new EvmError('tooManyLogs', `more than ${limit} logs match: ask for a smaller range of blocks`);
        if (bytes > mostBytes) throw new EvmError('tooManyLogs', `the logs that match hold more than ${mostBytes} bytes: ask for a smaller range of blocks`);
      }
    }
    return entries;
  }

  get oldestState(): bigint {
    return this.pruner?.oldest ?? this.oldestBefore;
  }

  state(height: bigint = this.current.height): StoredState {
    this.requireState(height);
    return this.stateWriter.reader(height, height === this.current.height, this.codes, () => this.oldestState);
  }

  validatorsAt(height: bigint): ValidatorSet {
    return this.rules.validatorsAt(height);
  }

  paramsAt(height: bigint): Params {
    return this.rules.paramsAt(height);
  }

  validatorChanges(from: bigint, below: bigint, limit: number): ValidatorChange[] {
    return this.rules.changes(from, below, limit);
  }

  /** The state after a block that is not decided. */
  stateAfter({ tree, height }: BlockOverlay): StoredState {
    return new StoredState(tree, this.codes, height);
  }

  checkAccess(transaction: AccessQuestion): void {
    const fault = this.accessAtHead().fault(transaction);
    if (fault !== null) throw new EvmError(fault, accessMessage(fault, transaction));
  }

  memberOf(transaction: AccessQuestion): number | null {
    return this.accessAtHead().memberOf(transaction);
  }

  private accessAtHead(): AccessCheck {
    if (this.headAccess?.height !== this.current.height) {
      const state = new Overlay(this.state());
      this.headAccess = { height: this.current.height, check: new AccessCheck(state, state, this.access) };
    }
    return this.headAccess.check;
  }

  prove(key: StateKey, height: bigint = this.current.height): StateProof {
    this.requireState(height);
    return this.stateWriter.prove(height, treeKeyOf(storeKeyOf(key)));
  }

  part(place: TreePlace, height: bigint): Bytes | null {
    return height < this.oldestState || height > this.current.height ? null : this.stateWriter.part(height, place);
  }

  code(codeHash: Bytes): Bytes | null {
    const stored = this.live.codes.get(asBuffer(codeHash));
    return stored === undefined ? null : ownBytes(stored);
  }

  /** One batch: all of it or nothing is there after a crash. On disk once `flushed` says so. */
  async append(block: Block, certificate: Certificate, executed: Pick<ExecutedBlock, 'executed' | 'results' | 'logPrefixes' | 'overlay' | 'wanted'>, nextValidators: ValidatorSet | null = null): Promise<void> {
    const { header } = block;
    const hash = blockHash(header);
    const key = heightKey(header.height);
    const tables = this.live;
    const { overlay } = executed;
    const transactions = transactionEntries(header.height, executed.executed);
    const logs = logEntries(header.height, executed.logPrefixes);
    await tables.root.transaction(() => {
      void tables.blocks.put(key, asBuffer(encodeBlock(block)));
      void tables.headers.put(key, asBuffer(encodeHeader(header)));
      void tables.certificates.put(key, asBuffer(encodeCertificate(certificate)));
      void tables.results.put(key, asBuffer(executed.results));
      void tables.heights.put(asBuffer(hash), key);
      if (transactions.length > 0) this.transactionIndex.add(transactions);
      if (logs.length > 0) this.logIndex.add(logs);
      this.stateWriter.write(overlay);
      if (nextValidators !== null) this.rules.putChange({ header, certificate, nextValidators: nextValidators.validators });
      this.rules.putParams(header.height, executed.wanted.params ?? this.genesis.params);
      void tables.meta.put(HEAD_KEY, key);
    });
    this.transactionIndex.settle();
    this.logIndex.settle();
    this.stateWriter.moveTo(overlay);
    this.current = { height: header.height, hash, timeMs: header.timeMs, stateRoot: header.stateRoot, header, certificate };
    this.pruner?.advanced(header.height);
  }

  async flushed(): Promise<void> {
    // The library commits first and flushes then, so that one block's flush overlaps the next one's work.
    await this.live.root.flushed;
  }

  /** Resolves when all is pruned that can be at this head: for tests and measurements. */
  async pruned(): Promise<void> {
    await this.pruner?.settled();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.pruner?.stop();
    await this.tables.root.close();
  }

  private requireState(height: bigint): void {
    if (height < 0n || height > this.current.height) throw new EvmError('unknownHeight', `the chain's head is ${this.current.height}, height ${height} has no state`);
    if (height > 0n && height < this.base) throw new EvmError('unknownHeight', `this node began from a snapshot at height ${this.base} and has no older state: ask another node`);
    if (this.closed) throw new EvmError('storeClosed', 'the store is closed');
    if (height > 0n && height < this.oldestState) throw prunedState(height, this.oldestState);
  }

  private *logsOf(height: bigint, filter: LogFilter): Generator<LogEntry> {
    const results = this.results(height);
    if (results === null || results.every((result) => result.logs.length === 0)) return;
    let place: { blockHash: Bytes; timeMs: bigint } | null = null;
    for (const result of results) {
      for (const [offset, log] of result.logs.entries()) {
        if (!matches(log, filter)) continue;
        place ??= this.placeOf(height);
        yield { ...log, ...place, height, transactionHash: result.transactionHash, transactionIndex: result.index, logIndex: result.firstLogIndex + offset };
      }
    }
  }

  /** Hashes that begin alike meet in the index, so each place is looked at. */
  private placeOfTransaction(hash: Bytes): { height: bigint; index: number; result: StoredResult } | null {
    if (this.closed) throw new EvmError('storeClosed', 'the store is closed');
    for (const place of this.transactionIndex.find(hash.subarray(0, 8))) {
      const height = BigInt(place.readUIntBE(0, 5));
      // A batch is readable a moment before the head moves to it: a reader must not see a receipt whose state it cannot read.
      if (height > this.current.height) continue;
      const index = place.readUIntBE(5, 3);
      const result = this.results(height)?.[index];
      if (result === undefined) throw new EvmError('damagedStore', `the index names transaction ${index} of block ${height}, which is not there`);
      if (equalBytes(result.transactionHash, hash)) return { height, index, result };
    }
    return null;
  }

  private placeOf(height: bigint): { blockHash: Bytes; timeMs: bigint } {
    const header = this.header(height);
    if (header === null) throw new EvmError('damagedStore', `block ${height} is missing`);
    return { blockHash: blockHash(header), timeMs: header.timeMs };
  }

  private readHead(height: bigint): ChainHead {
    const stateRoot = this.rootOf(height);
    if (height === 0n) return { height, hash: this.genesisHash, timeMs: this.genesis.timeMs, stateRoot, header: null, certificate: null };
    const header = this.header(height);
    const certificate = this.certificate(height);
    if (header === null || certificate === null) throw new EvmError('damagedStore', `the head, block ${height}, is missing`);
    if (!equalBytes(header.stateRoot, stateRoot)) throw new EvmError('damagedStore', 'the state is not the one that the head names');
    return { height, hash: blockHash(header), timeMs: header.timeMs, stateRoot, header, certificate };
  }

  private rootOf(height: bigint): Bytes {
    return this.stateWriter.reader(height, false, this.codes).root();
  }

  private heightAt(at: bigint | Bytes): bigint | null {
    if (typeof at !== 'bigint') return this.heightOf(at);
    return at < 0n ? null : at;
  }

  private bytes(table: 'blocks' | 'headers' | 'certificates' | 'results', height: bigint): Bytes | null {
    if (height < 0n) return null;
    const stored = this.live[table].get(heightKey(height));
    return stored === undefined ? null : ownBytes(stored);
  }

  private get live(): Tables {
    if (this.closed) throw new EvmError('storeClosed', 'the store is closed');
    return this.tables;
  }
}

function transactionEntries(height: bigint, transactions: readonly AdmittedTransaction[]): Bytes {
  const entries = Buffer.alloc(transactions.length * ENTRY_BYTES);
  const place = heightPlace(height);
  transactions.forEach(({ key }, index) => {
    entries.write(key.slice(0, 16), index * ENTRY_BYTES, 'hex');
    place.copy(entries, index * ENTRY_BYTES + 8, 0, 5);
    entries.writeUIntBE(index, index * ENTRY_BYTES + 13, 3);
  });
  return entries;
}
