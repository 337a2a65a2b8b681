import { decodeHeader, genesisHash, sha256, type Bytes, type Genesis, type Header, type Params } from '#ledger';
import { EvmError } from '../errors.js';
import type { ChainView } from '../execute/view.js';
import type { Inner, Leaf, Stub } from '../state/node.js';
import { NodeTree } from '../state/node-tree.js';
import { CodeCache, StoredState } from '../state/stored-state.js';
import { AccessMemory } from '../system/access.js';
import { StateTree } from '../state/tree.js';
import { oldestState } from '../store/history.js';
import { loadNode } from '../store/node-pages.js';
import { storedRoot, stubOf } from '../store/roots.js';
import { RuleHistory } from '../store/rule-history.js';
import { heightKey, type Tables } from '../store/tables.js';

const MAX_NODES = 60_000;
/** Nodes of places beyond these are read each time: a number holds no more. */
const MAX_INDEX = 2 ** 21;
const MAX_HEIGHT = 2 ** 32;

/**
 * The chain as an execution thread reads it: the committed blocks in the environment that the main thread writes. A state's
 * tree nodes never change, so those of earlier blocks serve the next ones; all are forgotten when they are too many.
 */
export class ThreadView implements ChainView {
  readonly genesisHash: Bytes;
  readonly access = new AccessMemory();
  private readonly codes: CodeCache;
  private readonly rules: RuleHistory;
  private readonly nodes = new Map<number, Leaf | Inner>();
  private readonly tree = new StateTree((stub) => this.nodeOf(stub));

  constructor(
    private readonly tables: Tables,
    readonly genesis: Genesis,
  ) {
    this.genesisHash = genesisHash(genesis);
    this.codes = new CodeCache(tables);
    this.rules = new RuleHistory(tables, genesis);
  }

  /** Sees what was committed until now. */
  refresh(): void {
    this.tables.root.resetReadTxn();
  }

  header(height: bigint): Header | null {
    const stored = this.tables.headers.get(heightKey(height));
    return stored === undefined ? null : decodeHeader(stored);
  }

  paramsAt(height: bigint): Params {
    return this.rules.paramsAt(height);
  }

  blockHashAt(height: bigint): Bytes | null {
    if (height === 0n) return this.genesisHash;
    const stored = height < 0n ? undefined : this.tables.headers.get(heightKey(height));
    return stored === undefined ? null : sha256(stored);
  }

  state(height: bigint): StoredState {
    const root = stubOf(storedRoot(this.tables, height));
    return new StoredState(new NodeTree(this.tree, root === null ? null : this.nodeOf(root)), this.codes, height, () => oldestState(this.tables, 0n));
  }

  private nodeOf(stub: Stub): Leaf | Inner {
    const { height, index } = stub;
    const isKept = index < MAX_INDEX && height < MAX_HEIGHT;
    const known = isKept ? this.nodes.get(height * MAX_INDEX + index) : undefined;
    if (known !== undefined) return known;
    const node = loadNode(this.tables.nodes, stub);
    if (node === null) throw new EvmError('damagedStore', `tree node ${height}/${index} is missing`);
    if (this.nodes.size >= MAX_NODES) this.nodes.clear();
    if (isKept) this.nodes.set(height * MAX_INDEX + index, node);
    return node;
  }
}
