import {
  decodeAll, decodeValidatorChange, encodeValidatorChange, equalBytes, genesisValidators, paramsHash, readParams, ValidatorSet, Writer, writeParams,
  type Genesis, type Params, type ValidatorChange,
} from '#ledger';
import { EvmError } from '../errors.js';
import { asBuffer, heightKey, ownBytes, type Table, type Tables } from './tables.js';

const MAX_KEPT = 64;

/**
 * Who voted and under which parameters, at every height up to the one above the head: what genesis says, and each change since. A row is
 * written with its block.
 */
export class RuleHistory {
  /** Sets and parameters by the height of the block that brought them; those of genesis under 0. Rows never change. */
  private readonly sets = new Map<bigint, ValidatorSet>();
  private readonly params = new Map<bigint, Params>();

  /** Of the last question: transactions ask for the same height again and again. */
  private lastParams: { height: bigint; params: Params } | null = null;
  private lastSet: { height: bigint; set: ValidatorSet } | null = null;

  constructor(
    private readonly tables: Pick<Tables, 'validatorChanges' | 'params'>,
    private readonly genesis: Genesis,
  ) {}

  /** Who votes at this height: the same object for as long as nothing changes. */
  validatorsAt(height: bigint): ValidatorSet {
    if (this.lastSet?.height === height) return this.lastSet.set;
    const row = lastBelow(this.tables.validatorChanges, height);
    const set = this.kept(this.sets, row?.height ?? 0n, () => (row === null ? genesisValidators(this.genesis) : new ValidatorSet(decodeValidatorChange(ownBytes(row.value)).nextValidators)));
    this.lastSet = { height, set };
    return set;
  }

  /** The parameters of this height, the same object for as long as nothing changes. */
  paramsAt(height: bigint): Params {
    if (this.lastParams?.height === height) return this.lastParams.params;
    const row = lastBelow(this.tables.params, height);
    const params = this.kept(this.params, row?.height ?? 0n, () => (row === null ? this.genesis.params : decodeAll(ownBytes(row.value), readParams)));
    this.lastParams = { height, params };
    return params;
  }

  /** The changes that blocks from `from` on and below `below` brought, the lowest first, at most `limit`. */
  changes(from: bigint, below: bigint, limit: number): ValidatorChange[] {
    if (from >= below || from < 0n) return [];
    return [...this.tables.validatorChanges.getRange({ start: heightKey(from), end: heightKey(below), limit })].map(({ value }) => decodeValidatorChange(ownBytes(value)));
  }

  /** Queues the row of a change; to be called inside a transaction. */
  putChange(change: ValidatorChange): void {
    void this.tables.validatorChanges.put(heightKey(change.header.height), asBuffer(encodeValidatorChange(change)));
  }

  /** The same for parameters of the heights above this one, where they are others than they were. */
  putParams(height: bigint, params: Params): void {
    if (equalBytes(paramsHash(this.paramsAt(height)), paramsHash(params))) return;
    const writer = new Writer();
    writeParams(writer, params);
    void this.tables.params.put(heightKey(height), asBuffer(writer.finish()));
  }

  private kept<T>(map: Map<bigint, T>, height: bigint, read: () => T): T {
    const known = map.get(height);
    if (known !== undefined) return known;
    if (map.size >= MAX_KEPT) map.clear();
    const value = read();
    map.set(height, value);
    return value;
  }
}

/** The newest row below a height. */
function lastBelow(table: Table, height: bigint): { height: bigint; value: Buffer } | null {
  if (height < 0n) throw new EvmError('unknownHeight', `there is no height ${height}`);
  // Going down, the range begins with its start and leaves out its end.
  const [row] = height <= 1n ? [] : [...table.getRange({ start: heightKey(height - 1n), reverse: true, limit: 1 })];
  return row === undefined ? null : { height: row.key.readBigUInt64BE(0), value: row.value };
}
