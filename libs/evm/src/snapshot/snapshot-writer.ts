import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { blockHash, encodeBlock, encodeCertificate, encodeGenesis, encodeHeader, toHex, type Block, type Bytes, type Certificate, type Genesis, type Header, type ValidatorChange, ACCOUNT_VALUE_BYTES, EMPTY_STATE_ROOT } from '#ledger';
import { EMPTY_CODE_HASH, keccak256 } from '../crypto/keccak.js';
import { CodeCache } from '../state/stored-state.js';
import { readWantedRules } from '../system/wanted-rules.js';
import { bytesOf, textOf, type Inner, type Leaf, type Stub } from '../state/node.js';
import { FORMAT, FORMAT_KEY, GENESIS_KEY } from '../store/format.js';
import { BASE_KEY, HEAD_KEY } from '../store/lmdb-chain-store.js';
import { NODES_PER_PAGE, pagesOf } from '../store/node-pages.js';
import { genesisState } from '../store/open.js';
import { RuleHistory } from '../store/rule-history.js';
import { StateWriter } from '../store/state-writer.js';
import { asBuffer, heightKey, openTables, placeKey, type Tables } from '../store/tables.js';
import type { Part, PartInner, PartLeaf } from './part.js';

/** Pages that may wait to be written. */
const MAX_WAITING_PAGES = 256;
const NO_CODE = textOf(EMPTY_CODE_HASH);

/** What a store needs beside a state to go on. */
export interface SnapshotHead {
  block: Block;
  certificate: Certificate;
  /** All changes of validators up to this height. */
  changes: readonly ValidatorChange[];
  /** Of some heights below, for BLOCKHASH and the pace. */
  headers: readonly Header[];
}

/** Where a node was put, as its parent names it. */
export type Placed = Stub;

/** Whether a part has everything below it. */
export function isWhole(part: Part): part is PartLeaf | PartInner {
  return part.kind === 'leaf' || (part.kind === 'inner' && part.whole);
}

/**
 * Writes a chain's store that begins at a height: its state, node by node, children first, then the head and what is needed to go
 * on. Everything goes to a folder beside the store's, which takes its place when all of it is there: half a state is never a store.
 */
export class SnapshotWriter {
  private readonly tables: Tables;
  private readonly codeHashes = new Set<string>();
  private page: (Leaf | Inner)[] = [];
  private count = 0;
  private waiting: Promise<unknown>[] = [];

  private constructor(
    private readonly folder: string,
    private readonly building: string,
    private readonly genesis: Genesis,
    private readonly height: bigint,
  ) {
    this.tables = openTables(building);
  }

  /** @param folder the store's, which must not exist. What an earlier attempt left beside it is removed. */
  static begin(folder: string, genesis: Genesis, height: bigint): SnapshotWriter {
    if (existsSync(folder)) throw new Error(`${folder} exists: a store begins once`);
    const building = `${folder}.joining`;
    rmSync(building, { recursive: true, force: true });
    mkdirSync(building, { recursive: true });
    return new SnapshotWriter(folder, building, genesis, height);
  }

  /** Nodes so far. */
  get nodes(): number {
    return this.count;
  }

  /** Code that accounts name and that has not come, by Keccak-256 in hex. */
  get missingCode(): ReadonlySet<string> {
    return this.codeHashes;
  }

  /** A subtree without branches: all of it, at once. */
  putWhole(part: PartLeaf | PartInner): Placed {
    if (part.kind === 'leaf') return this.putLeaf(part);
    const left = this.putWhole(part.left);
    const { right } = part;
    if (right.kind === 'branch') throw new Error('a branch of this part is missing');
    return this.putInner(part, left, this.putWhole(right));
  }

  putInner({ bit, hash, key }: PartInner, left: Placed, right: Placed): Placed {
    return this.put({ kind: 'inner', hash, height: -1, index: -1, bit, prefix: key, left, right });
  }

  /** False where it is no code that an account names. */
  async putCode(code: Bytes): Promise<boolean> {
    const codeHash = keccak256(code);
    if (!this.codeHashes.delete(toHex(codeHash))) return false;
    await this.tables.codes.put(asBuffer(codeHash), asBuffer(code));
    return true;
  }

  /** Resolves when little of what was put is in memory only. */
  async settle(): Promise<void> {
    if (this.waiting.length >= MAX_WAITING_PAGES) await this.written();
  }

  /**
   * The rest of the store; then it is one.
   * @param root null for a state without a leaf.
   */
  async finish(root: Placed | null, head: SnapshotHead): Promise<void> {
    if (this.codeHashes.size > 0) throw new Error(`the code of ${this.codeHashes.size} contracts is missing`);
    this.endPage();
    await this.written();
    const { tables } = this;
    const { block, certificate, changes, headers } = head;
    const key = heightKey(this.height);
    const genesis = genesisState(tables, this.genesis);
    const rules = new RuleHistory(tables, this.genesis);
    await tables.root.transaction(() => {
      new StateWriter(tables, null).write(genesis);
      void tables.roots.put(key, root === null ? asBuffer(EMPTY_STATE_ROOT) : Buffer.concat([bytesOf(root.hash), placeKey(BigInt(root.height), root.index)]));
      for (const change of changes) rules.putChange(change);
      void tables.blocks.put(key, asBuffer(encodeBlock(block)));
      void tables.certificates.put(key, asBuffer(encodeCertificate(certificate)));
      for (const header of [...headers, block.header]) {
        void tables.headers.put(heightKey(header.height), asBuffer(encodeHeader(header)));
        void tables.heights.put(asBuffer(blockHash(header)), heightKey(header.height));
      }
    });
    // Now the state can be read: what it says of the parameters holds from the next height on.
    const state = new StateWriter(tables, null).reader(this.height, false, new CodeCache(tables));
    await tables.root.transaction(() => {
      rules.putParams(this.height, readWantedRules(state, null).params ?? this.genesis.params);
      void tables.meta.put(GENESIS_KEY, asBuffer(encodeGenesis(this.genesis)));
      void tables.meta.put(HEAD_KEY, key);
      void tables.meta.put(BASE_KEY, key);
      void tables.meta.put(FORMAT_KEY, FORMAT);
    });
    await tables.root.flushed;
    await tables.root.close();
    renameSync(this.building, this.folder);
    const parent = openSync(dirname(this.folder), 'r');
    fsyncSync(parent);
    closeSync(parent);
  }

  /** Gives up: nothing stays. */
  async abandon(): Promise<void> {
    await this.written().catch(() => undefined);
    await this.tables.root.close();
    rmSync(this.building, { recursive: true, force: true });
  }

  private putLeaf({ key, value, hash }: PartLeaf): Placed {
    if (value.length === ACCOUNT_VALUE_BYTES) this.noteCode(value);
    return this.put({ kind: 'leaf', hash, height: -1, index: -1, key, value });
  }

  private put(node: Leaf | Inner): Placed {
    node.height = Number(this.height);
    node.index = this.count;
    this.count += 1;
    this.page.push(node);
    if (this.page.length === NODES_PER_PAGE) this.endPage();
    return { kind: 'stub', hash: node.hash, height: node.height, index: node.index };
  }

  private endPage(): void {
    const [page] = pagesOf(this.page);
    if (page === undefined) return;
    this.waiting.push(this.tables.nodes.put(placeKey(this.height, Math.floor((this.count - 1) / NODES_PER_PAGE)), page));
    this.page = [];
  }

  private async written(): Promise<void> {
    const { waiting } = this;
    this.waiting = [];
    await Promise.all(waiting);
  }

  private noteCode(value: string): void {
    const codeHash = value.slice(ACCOUNT_VALUE_BYTES - 32);
    if (codeHash !== NO_CODE) this.codeHashes.add(toHex(bytesOf(codeHash)));
  }
}
