import { sha256, type Bytes } from '#ledger';

/** How Records keeps what it knows (docs/spec/records.md): one word of storage for each record. */

/** What the contract needs of the state: slots of its own, 32-byte keys, values without leading zeros. */
export interface RecordSlots {
  read(slot: Bytes): Bytes;
  write(slot: Bytes, value: Bytes): void;
}

export interface StoredRecord {
  by: Bytes;
  height: number;
  /** Among the records of its key, from 0. */
  index: number;
}

const NEWEST = Uint8Array.of(0);
const OLDER = Uint8Array.of(1);

/** The newest record of a key, and older ones by their index: apart, so that no key can be chosen to fall on another's history. */
const newestSlot = (key: Bytes): Bytes => sha256(NEWEST, key);
function olderSlot(key: Bytes, index: number): Bytes {
  const place = new Uint8Array(8);
  new DataView(place.buffer).setBigUint64(0, BigInt(index));
  return sha256(OLDER, key, place);
}

/** One word: `by[20] | height u48 | index u48`, index counting from 1, so that a record is never the zero word. */
function encodeRecord({ by, height, index }: StoredRecord): Bytes {
  const word = Buffer.alloc(32);
  word.set(by);
  word.writeUIntBE(height, 20, 6);
  word.writeUIntBE(index + 1, 26, 6);
  return word;
}

function decodeRecord(value: Bytes): StoredRecord | null {
  if (value.length === 0) return null;
  const word = Buffer.alloc(32);
  word.set(value, 32 - value.length);
  return { by: Uint8Array.from(word.subarray(0, 20)), height: word.readUIntBE(20, 6), index: word.readUIntBE(26, 6) - 1 };
}

/** What a key has on top: its slot, the word that stands there, and what the word says. */
export interface KeyTop {
  slot: Bytes;
  word: Bytes;
  newest: StoredRecord | null;
}

export function topOf(slots: RecordSlots, key: Bytes): KeyTop {
  const slot = newestSlot(key);
  const word = slots.read(slot);
  return { slot, word, newest: decodeRecord(word) };
}

/** The record of an index below the newest one's. */
export function olderRecord(slots: RecordSlots, key: Bytes, index: number): StoredRecord {
  const record = decodeRecord(slots.read(olderSlot(key, index)));
  if (record === null) throw new Error('a record below the newest is missing');
  return record;
}

/** Puts a record on top of a key's; what was the newest moves as it is. Answers its index. */
export function addRecord(slots: RecordSlots, key: Bytes, { slot, word, newest }: KeyTop, by: Bytes, height: number): number {
  const index = newest === null ? 0 : newest.index + 1;
  if (newest !== null) slots.write(olderSlot(key, newest.index), word);
  slots.write(slot, encodeRecord({ by, height, index }));
  return index;
}
