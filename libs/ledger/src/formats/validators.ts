import { checkPublicKey } from '../crypto/ed25519.js';
import { compareBytes, decodeAll, LedgerError, toHex, Writer, type Bytes } from '../encoding/index.js';
import { merkleRoot } from '../merkle/tree.js';

export interface Validator {
  /** Raw Ed25519 key, 32 bytes. */
  publicKey: Bytes;
  power: bigint;
}

export const MAX_VALIDATORS = 1000;
const MAX_TOTAL_POWER = 1n << 62n;

/** Who may vote at a height. Sorted by public key, ascending; a validator's index is its place. Immutable. */
export class ValidatorSet {
  readonly validators: readonly Validator[];
  readonly total: bigint;
  /** RFC 6962 root over `publicKey[32] ‖ power u64`. */
  readonly hash: Bytes;
  private readonly indexes = new Map<string, number>();

  /** @throws LedgerError `badValidatorSet` for none, too many, duplicates, weak keys, or power that is not 1 … 2^62. */
  constructor(validators: readonly Validator[]) {
    const sorted = [...validators].sort((a, b) => compareBytes(a.publicKey, b.publicKey));
    if (sorted.length === 0) throw new LedgerError('badValidatorSet', 'a chain needs at least one validator');
    if (sorted.length > MAX_VALIDATORS) throw new LedgerError('badValidatorSet', `${sorted.length} validators; at most ${MAX_VALIDATORS} may be`);
    let total = 0n;
    for (const [index, validator] of sorted.entries()) {
      const key = toHex(validator.publicKey);
      const weakness = checkPublicKey(validator.publicKey);
      if (weakness !== 'ok') throw new LedgerError('badValidatorSet', `key ${key} is refused: ${weakness}`);
      if (this.indexes.has(key)) throw new LedgerError('badValidatorSet', `key ${key} stands twice`);
      if (validator.power <= 0n) throw new LedgerError('badValidatorSet', `validator ${key} has no power`);
      this.indexes.set(key, index);
      total += validator.power;
    }
    if (total > MAX_TOTAL_POWER) throw new LedgerError('badValidatorSet', 'the total power exceeds 2^62');
    this.validators = sorted;
    this.total = total;
    this.hash = merkleRoot(sorted.map(({ publicKey, power }) => new Writer().fixed(publicKey, 32).u64(power).finish()));
  }

  get size(): number {
    return this.validators.length;
  }

  /** The validator at an index, or undefined. */
  at(index: number): Validator | undefined {
    return this.validators[index];
  }

  /** The index of a key, or −1. */
  indexOf(publicKey: Bytes): number {
    return this.indexes.get(toHex(publicKey)) ?? -1;
  }
}

const VALIDATOR_BYTES = 40;

/** `version u8 | list(1000) of (key | power u64)`, ascending by key: a set as receipts carry it. */
export function encodeValidators(validators: readonly Validator[]): Bytes {
  const sorted = [...validators].sort((a, b) => compareBytes(a.publicKey, b.publicKey));
  const writer = new Writer().u8(1);
  return writer.list(sorted, MAX_VALIDATORS, ({ publicKey, power }) => writer.fixed(publicKey, 32).u64(power)).finish();
}

/** Not a set yet: whether its keys and powers may be is checked, with some effort, when it becomes one. */
export function decodeValidators(bytes: Bytes): Validator[] {
  const validators = decodeAll(bytes, (reader) => {
    reader.version(1, 'validators');
    return reader.list(MAX_VALIDATORS, VALIDATOR_BYTES, () => ({ publicKey: reader.fixed(32), power: reader.u64() }));
  });
  for (const [i, { publicKey }] of validators.entries()) {
    const before = validators[i - 1];
    if (before !== undefined && compareBytes(before.publicKey, publicKey) >= 0) throw new LedgerError('notCanonical', 'validators stand by ascending key, none twice');
  }
  return validators;
}
