import { LedgerError, type Bytes } from '#ledger';
import { bitOfText, bytesOf, innerHash, leafHash, putText, textOf } from '../state/node.js';

/**
 * A part of a state tree as peers send it: a subtree whose branches may end in hashes. Each part is checked by itself, as its hash is
 * known before: from the header's stateRoot, or from the part above.
 *
 * In pre-order: leaf `00 | key[32] | length u8 | value`, inner `01 | bit u8 | left | right`, a branch that is not in this part
 * `02 | hash[32]`. A left branch is always there, down to its leaf, so that every place in the tree has a key that leads to it.
 */
export type Part = PartLeaf | PartInner | PartBranch;

export interface PartLeaf {
  kind: 'leaf';
  hash: string;
  key: string;
  value: string;
}

export interface PartInner {
  kind: 'inner';
  hash: string;
  bit: number;
  left: PartLeaf | PartInner;
  right: Part;
  /** Of the leftmost leaf below: it leads here. */
  key: string;
  /** Whether nothing below is missing. */
  whole: boolean;
}

/** What another part holds. */
export interface PartBranch {
  kind: 'branch';
  hash: string;
  place: TreePlace;
}

/** A node of a tree: the one below which all keys begin with the first `depth` bits of this key. */
export interface TreePlace {
  key: Bytes;
  /** 0 to 256; 0 is the root. */
  depth: number;
}

const LEAF = 0;
const INNER = 1;
const BRANCH = 2;
const KEY_BYTES = 32;
const HASH_BYTES = 32;

const malformed = (why: string): LedgerError => new LedgerError('notCanonical', `a part of the state: ${why}`);

/**
 * Reads a part and checks it against the hash that it must have.
 * @param place what was asked for.
 * @throws LedgerError where the bytes are no part, or one with another hash: whoever sent it lies.
 */
export function readPart(bytes: Bytes, expected: string): PartLeaf | PartInner {
  const reader = new PartReader(bytes);
  const part = reader.node(0);
  if (part.kind === 'branch') throw malformed('it begins with a branch');
  if (!reader.isDone) throw malformed('bytes after its end');
  if (part.hash !== expected) throw malformed('its hash is another than the tree has there');
  return part;
}

class PartReader {
  private at = 0;

  constructor(private readonly bytes: Bytes) {}

  get isDone(): boolean {
    return this.at === this.bytes.length;
  }

  /** @param least the bits below must be at least this: they grow from the root to the leaf, which bounds how deep a part can be. */
  node(least: number): Part {
    const tag = this.byte();
    if (tag === LEAF) {
      const key = this.text(KEY_BYTES);
      const value = this.text(this.byte());
      return { kind: 'leaf', hash: leafHash(key, value), key, value };
    }
    if (tag === BRANCH) return { kind: 'branch', hash: this.text(HASH_BYTES), place: { key: new Uint8Array(0), depth: 0 } };
    if (tag !== INNER) throw malformed(`a node of kind ${tag}`);
    const bit = this.byte();
    if (bit < least) throw malformed('its bits do not grow');
    const left = this.node(bit + 1);
    if (left.kind === 'branch') throw malformed('a left branch is missing');
    const { key } = left;
    if (bitOfText(key, bit) !== 0) throw malformed('a leaf stands on the wrong side');
    const right = this.node(bit + 1);
    if (right.kind === 'branch') right.place = { key: sibling(key, bit), depth: bit + 1 };
    else if (bitOfText(right.key, bit) !== 1) throw malformed('a leaf stands on the wrong side');
    const whole = (left.kind === 'leaf' || left.whole) && (right.kind === 'leaf' || (right.kind === 'inner' && right.whole));
    return { kind: 'inner', hash: innerHash(bit, left.hash, right.hash), bit, left, right, key, whole };
  }

  private byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw malformed('it ends early');
    this.at += 1;
    return byte;
  }

  private text(length: number): string {
    if (this.at + length > this.bytes.length) throw malformed('it ends early');
    const text = textOf(this.bytes, this.at, this.at + length);
    this.at += length;
    return text;
  }
}

/** A key of the other side of a bit. */
function sibling(key: string, bit: number): Bytes {
  const bytes = bytesOf(key);
  bytes[bit >> 3] = (bytes[bit >> 3] as number) | (0x80 >> (bit & 7));
  return bytes;
}

/** Writes a part node by node, as {@link readPart} reads it. */
export class PartWriter {
  private bytes = Buffer.allocUnsafe(64 * 1024);
  private at = 0;

  get length(): number {
    return this.at;
  }

  leaf(key: string, value: string): void {
    this.room(2 + KEY_BYTES + value.length);
    this.bytes[this.at] = LEAF;
    putText(this.bytes, key, this.at + 1, KEY_BYTES);
    this.bytes[this.at + 1 + KEY_BYTES] = value.length;
    putText(this.bytes, value, this.at + 2 + KEY_BYTES, value.length);
    this.at += 2 + KEY_BYTES + value.length;
  }

  inner(bit: number): void {
    this.room(2);
    this.bytes[this.at] = INNER;
    this.bytes[this.at + 1] = bit;
    this.at += 2;
  }

  branch(hash: string): void {
    this.room(1 + HASH_BYTES);
    this.bytes[this.at] = BRANCH;
    putText(this.bytes, hash, this.at + 1, HASH_BYTES);
    this.at += 1 + HASH_BYTES;
  }

  finish(): Bytes {
    return new Uint8Array(this.bytes.subarray(0, this.at));
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * this.bytes.length);
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}
