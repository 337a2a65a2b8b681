import type { Bytes } from '#ledger';
import { keccak256 } from '../crypto/keccak.js';

/**
 * Where the system contracts keep what validators read: slots as the Solidity compiler lays them out (contracts/artifacts holds
 * its word for it, layout.test.ts compares).
 */
export const CONSORTIUM_SLOTS = { head: 0, genesisHash: 1, upgrade: 2, paramsLow: 3, paramsHigh: 4, activeKeys: 5, nodes: 6, members: 7, governs: 8, operates: 9, upgradeCodeHash: 12 } as const;
export const PERMISSIONS_SLOTS = { head: 0, words: 1, left: 2, roleOwners: 3, allowed: 4 } as const;

/** First bit of each field of a packed word, and its width. */
export const HEAD = { validatorsRevision: [0, 64], paramsRevision: [64, 64], memberCount: [128, 32], activeMembers: [160, 32], thresholdBps: [192, 16], expirySeconds: [208, 32], oneOwner: [240, 8] } as const;
export const NODE = { member: [0, 32], power: [32, 64], status: [96, 8], index: [104, 32], since: [136, 48] } as const;
export const MEMBER = { governance: [0, 160], power: [160, 64], active: [224, 8], nodeCount: [232, 16] } as const;
export const MEMBER_SECOND = { operations: [0, 160], nodesAllowed: [160, 16] } as const;
export const UPGRADE = { height: [0, 64], target: [64, 8], code: [72, 160] } as const;
export const ACCESS_HEAD = { access: [0, 8], revision: [8, 64], ruled: [72, 64], roleCount: [136, 32] } as const;

type Field = readonly [shift: number, bits: number];

export function field(word: bigint, [shift, bits]: Field): bigint {
  return (word >> BigInt(shift)) & ((1n << BigInt(bits)) - 1n);
}

/** A word of these fields; what is not given is 0. */
export function packed<F extends Record<string, Field>>(fields: F, values: Partial<Record<keyof F, bigint | number>>): bigint {
  let word = 0n;
  for (const [name, value] of Object.entries(values)) word |= BigInt(value as bigint) << BigInt((fields[name] as Field)[0]);
  return word;
}

/** Both of an overlay, whose values have no leading zeros, and of stored states. */
export interface StorageReader {
  storage(address: Bytes, slot: Bytes): Bytes;
}

export function slot(place: number | bigint): Bytes {
  return Uint8Array.from(Buffer.from(place.toString(16).padStart(64, '0'), 'hex'));
}

export function numberOf(bytes: Bytes): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`);
}

export function readWord(state: StorageReader, address: Bytes, at: Bytes): bigint {
  return numberOf(state.storage(address, at));
}

/** The slot of a mapping's value: keccak256(key padded to 32 bytes ‖ the mapping's slot). Numbers and addresses are padded on the left. */
export function mappingSlot(key: Bytes, mapping: Bytes): Bytes {
  const bytes = new Uint8Array(64);
  bytes.set(key, 32 - key.length);
  bytes.set(mapping, 32);
  return keccak256(bytes);
}

/** Where the items of an array, or the bytes of a long string, begin. */
export function arraySlot(at: Bytes): Bytes {
  return keccak256(at);
}

export function slotPlus(base: Bytes, offset: number | bigint): Bytes {
  return slot((numberOf(base) + BigInt(offset)) % (1n << 256n));
}
