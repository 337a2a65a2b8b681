import { toHex, type Bytes } from '#ledger';
import type { BlockEffects, Executable } from '../execute/run-block.js';
import type { StateEffects } from '../state/changes.js';
import { putText, textOf } from '../state/node.js';
import { decodeTransaction } from '../transaction/decode.js';
import { intrinsicGasOf } from '../transaction/intrinsic.js';

/**
 * What travels between threads, as few buffers: the engine copies an object for each of thousands of values much slower than it
 * hands over one buffer. Both sides are this program, so nothing here is versioned.
 */

const HEAD_BYTES = 4 + 20 + 32;

/** For each: length u32, sender, hash, raw. */
export function packTransactions(transactions: readonly Executable[]): ArrayBuffer {
  const bytes = Buffer.allocUnsafeSlow(transactions.reduce((sum, { raw }) => sum + HEAD_BYTES + raw.length, 0));
  let at = 0;
  for (const { raw, senderKey = '', hash } of transactions) {
    bytes.writeUInt32BE(raw.length, at);
    bytes.write(senderKey, at + 4, 'hex');
    bytes.set(hash, at + 24);
    bytes.set(raw, at + HEAD_BYTES);
    at += HEAD_BYTES + raw.length;
  }
  return bytes.buffer;
}

/** The same transactions again. They were admitted before: nothing is checked, and no sender recovered. */
export function unpackTransactions(packed: ArrayBuffer): Executable[] {
  const bytes = Buffer.from(packed);
  const transactions: Executable[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + HEAD_BYTES + bytes.readUInt32BE(at);
    const sender = new Uint8Array(packed, at + 4, 20);
    const raw = new Uint8Array(packed, at + HEAD_BYTES, end - at - HEAD_BYTES);
    const { nonce, gasLimit, to, value, data, accessList } = decodeTransaction(raw);
    const gas = intrinsicGasOf(to, data, accessList);
    transactions.push({
      raw, hash: new Uint8Array(packed, at + 24, 32), sender, senderKey: toHex(sender), nonce, gasLimit, to, value, data, accessList,
      intrinsicGas: BigInt(gas.intrinsicGas), floorGas: BigInt(gas.floorGas),
    });
    at = end;
  }
  return transactions;
}

export interface PackedEffects {
  /** For each change: tree key[32], length u8 (0 removes), value. */
  changes: Bytes;
  codes: StateEffects['codes'];
  results: Bytes;
  /** Eight bytes each. */
  logPrefixes: Bytes;
  receiptsRoot: Bytes;
  txRoot: Bytes;
  gasUsed: bigint;
}

const KEY_BYTES = 32;
const PREFIX_BYTES = 8;

export function packEffects({ state, results, logPrefixes, receiptsRoot, txRoot, gasUsed }: BlockEffects): PackedEffects {
  const prefixes = new Uint8Array(PREFIX_BYTES * logPrefixes.size);
  let at = 0;
  for (const prefix of logPrefixes) at += putText(prefixes, prefix, at, PREFIX_BYTES);
  const codes = state.codes.map(({ codeHash, code }) => ({ codeHash: codeHash.slice(), code: Uint8Array.from(code) }));
  return { changes: packChanges(state.changes), codes, results: results.slice(), logPrefixes: prefixes, receiptsRoot: receiptsRoot.slice(), txRoot: txRoot.slice(), gasUsed };
}

function packChanges(changes: StateEffects['changes']): Bytes {
  const bytes = new Uint8Array(changes.reduce((sum, { value }) => sum + KEY_BYTES + 1 + (value?.length ?? 0), 0));
  let at = 0;
  for (const { key, value } of changes) {
    bytes.set(key, at);
    bytes[at + KEY_BYTES] = value?.length ?? 0;
    if (value !== null) bytes.set(value, at + KEY_BYTES + 1);
    at += KEY_BYTES + 1 + (value?.length ?? 0);
  }
  return bytes;
}

export function unpackEffects({ changes, codes, logPrefixes, ...rest }: PackedEffects): BlockEffects {
  const list: { key: Bytes; value: Bytes | null }[] = [];
  for (let at = 0; at < changes.length; ) {
    const from = at + KEY_BYTES + 1;
    const length = changes[from - 1] as number;
    list.push({ key: changes.subarray(at, at + KEY_BYTES), value: length === 0 ? null : changes.subarray(from, from + length) });
    at = from + length;
  }
  const prefixes = new Set<string>();
  for (let at = 0; at < logPrefixes.length; at += PREFIX_BYTES) prefixes.add(textOf(logPrefixes, at, at + PREFIX_BYTES));
  return { ...rest, logPrefixes: prefixes, state: { changes: list, codes } };
}

/** The buffers of a packed block, to be handed over instead of copied. */
export function buffersOf({ changes, results, logPrefixes, codes }: PackedEffects): ArrayBuffer[] {
  return [changes, results, logPrefixes, ...codes.map(({ code }) => code)].map((bytes) => bytes.buffer as ArrayBuffer);
}
