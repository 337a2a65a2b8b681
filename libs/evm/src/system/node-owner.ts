import type { Bytes } from '#ledger';
import { CONSORTIUM_ADDRESS } from './addresses.js';
import { arraySlot, CONSORTIUM_SLOTS, field, mappingSlot, NODE, numberOf, readWord, slot, slotPlus, type StorageReader } from './layout.js';

/** No name is longer (genesis and Consortium refuse it). */
const MAX_NAME_BYTES = 320;

/** The name of the member whose node has this key, as Consortium holds it; null where it knows no such node. */
export function memberOfNode(state: StorageReader, publicKey: Bytes): string | null {
  const node = readWord(state, CONSORTIUM_ADDRESS, mappingSlot(publicKey, slot(CONSORTIUM_SLOTS.nodes)));
  if (field(node, NODE.status) === 0n) return null;
  const member = mappingSlot(slot(field(node, NODE.member)), slot(CONSORTIUM_SLOTS.members));
  return readText(state, slotPlus(member, 3));
}

/** A string as Solidity keeps it. */
function readText(state: StorageReader, at: Bytes): string {
  const word = readWord(state, CONSORTIUM_ADDRESS, at);
  if ((word & 1n) === 0n) return textOf(bytesOf(word).subarray(0, Number(word & 0xffn) / 2));
  const length = Math.min(Number(word / 2n), MAX_NAME_BYTES);
  const bytes = new Uint8Array(Math.ceil(length / 32) * 32);
  const first = numberOf(arraySlot(at));
  for (let from = 0; from < length; from += 32) bytes.set(bytesOf(readWord(state, CONSORTIUM_ADDRESS, slot(first + BigInt(from / 32)))), from);
  return textOf(bytes.subarray(0, length));
}

const bytesOf = (word: bigint): Bytes => slot(word);
const textOf = (bytes: Bytes): string => new TextDecoder().decode(bytes);
