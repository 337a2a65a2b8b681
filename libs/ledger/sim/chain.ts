import {
  blockHash, certificateHash, equalBytes, evidenceRoot, paramsHash, sha256, toHex, transactionsRoot, utf8, ValidatorSet, ZERO_HASH,
  type Block, type Bytes, type Certificate, type Evidence, type ExecutionOutcome, type HeightContext, type Params,
} from '../src/index.js';
import { NODE_KEYS } from './keys.js';

export const SIM_GENESIS_HASH = sha256(utf8('simulated genesis'));
const GENESIS_ROOT = sha256(utf8('simulated state'));
const PLAIN = 0;
const SET_POWER = 1;

/** A transaction that only says who it is. */
export const plainTransaction = (id: number): Bytes => Uint8Array.of(PLAIN, id >> 8, id & 0xff);
/** One that gives a node a power of 1 … 255, or with 0 takes its vote away. */
export const powerTransaction = (id: number, node: number, power: number): Bytes => Uint8Array.of(SET_POWER, id >> 8, id & 0xff, node, power);

export interface Decided {
  block: Block;
  certificate: Certificate;
}

/** What a node has on its disk of the chain, and a fake executor: the state root is a hash over all transactions so far. */
export class SimChain {
  readonly decided: Decided[] = [];
  private readonly included = new Set<string>();
  private root = GENESIS_ROOT;
  private previous: ValidatorSet | null = null;
  private validators: ValidatorSet;

  constructor(genesisValidators: ValidatorSet, readonly params: Params) {
    this.validators = genesisValidators;
  }

  get height(): bigint {
    return BigInt(this.decided.length);
  }

  at(height: bigint): Decided | undefined {
    return this.decided[Number(height) - 1];
  }

  includes(transaction: Bytes): boolean {
    return this.included.has(toHex(transaction));
  }

  /** What a machine that begins above this head is told. */
  context(): HeightContext {
    const head = this.decided.at(-1);
    let emptyBlocks = this.params.trailingBlocks;
    for (let i = this.decided.length - 1, count = 0; i >= 0 && count < emptyBlocks; i--, count++) if ((this.decided[i]?.block.transactions.length ?? 0) > 0) emptyBlocks = count;
    return {
      height: this.height + 1n,
      prevHash: head?.certificate.blockHash ?? SIM_GENESIS_HASH,
      prevTimeMs: head?.block.header.timeMs ?? 0n,
      prevCommit: head?.certificate ?? null,
      prevValidators: this.previous,
      validators: this.validators,
      params: this.params,
      emptyBlocks,
    };
  }

  /** Null where a transaction is malformed or was included before. */
  execute(transactions: readonly Bytes[]): ExecutionOutcome | null {
    const seen = new Set<string>();
    for (const transaction of transactions) {
      const key = toHex(transaction);
      if (seen.has(key) || this.included.has(key) || transaction.length !== (transaction[0] === PLAIN ? 3 : 5)) return null;
      seen.add(key);
    }
    const change = transactions.find((transaction) => transaction[0] === SET_POWER);
    return {
      stateRoot: sha256(this.root, ...transactions),
      receiptsRoot: sha256(utf8('receipts'), ...transactions),
      nextValidators: change === undefined ? this.validators : withPower(this.validators, change[3] ?? 0, BigInt(change[4] ?? 0)),
      params: this.params,
    };
  }

  /** A block above the head with a complete header. */
  build(proposer: Bytes, timeMs: bigint, transactions: readonly Bytes[], lastCommit: Certificate | null, evidence: readonly Evidence[]): { block: Block; outcome: ExecutionOutcome } {
    const context = this.context();
    const outcome = this.execute(transactions);
    if (outcome === null) throw new Error('the pool gave transactions that cannot be');
    const header = {
      version: 1 as const, genesisHash: SIM_GENESIS_HASH, height: context.height, prevHash: context.prevHash,
      prevCommitHash: lastCommit === null ? ZERO_HASH : certificateHash(lastCommit), timeMs, proposer,
      txRoot: transactionsRoot(transactions), txCount: transactions.length, stateRoot: outcome.stateRoot, receiptsRoot: outcome.receiptsRoot,
      validatorsHash: context.validators.hash, nextValidatorsHash: outcome.nextValidators.hash, paramsHash: paramsHash(context.params), evidenceRoot: evidenceRoot(evidence),
    };
    return { block: { header, transactions, lastCommit, evidence }, outcome };
  }

  /** Writes a decided block on the head. */
  append(block: Block, certificate: Certificate): void {
    const outcome = this.execute(block.transactions);
    if (block.header.height !== this.height + 1n || outcome === null || !equalBytes(outcome.stateRoot, block.header.stateRoot)) {
      throw new Error(`block ${block.header.height} ${toHex(blockHash(block.header)).slice(0, 8)} does not stand on height ${this.height}`);
    }
    for (const transaction of block.transactions) this.included.add(toHex(transaction));
    this.decided.push({ block, certificate });
    this.root = outcome.stateRoot;
    this.previous = this.validators;
    this.validators = outcome.nextValidators;
  }
}

const SETS = new Map<string, ValidatorSet>();

/** The set with these powers by node; 0 for none. Kept, as checking keys is slow. */
export function setOf(powers: readonly bigint[]): ValidatorSet {
  const key = powers.join();
  let found = SETS.get(key);
  if (found === undefined) {
    found = new ValidatorSet(powers.flatMap((power, node) => (power > 0n ? [{ publicKey: NODE_KEYS[node] ?? ZERO_HASH, power }] : [])));
    SETS.set(key, found);
  }
  return found;
}

/** One validator more, less, or with another power, within a third of the old power, or one whole validator (design: membership). */
function withPower(set: ValidatorSet, node: number, power: bigint): ValidatorSet {
  const powers = NODE_KEYS.map((key) => set.at(set.indexOf(key))?.power ?? 0n);
  powers[node] = power;
  return powers.some((one) => one > 0n) ? setOf(powers) : set;
}
