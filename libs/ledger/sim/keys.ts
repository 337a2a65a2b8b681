import { compareBytes, keyPairOf, sha256, utf8, type Bytes, type Verify } from '../src/index.js';

/** At most so many nodes in a run. */
export const MAX_NODES = 16;

/**
 * Public keys, real ones: the first of each node by ascending key, then the second of each node, which it gets when its disk
 * was restored from a copy. A key's number is its place here.
 */
export const NODE_KEYS: readonly Bytes[] = [0, 1].flatMap((generation) =>
  Array.from({ length: MAX_NODES }, (_, i) => keyPairOf(sha256(utf8(`simulated node ${i}, key ${generation}`))).publicKey).sort(compareBytes));

/** The number of a node's key. */
export const keyNumber = (node: number, generation: 0 | 1): number => node + generation * MAX_NODES;
/** Whose key that is. */
export const nodeOfKey = (number: number): number => number % MAX_NODES;

/** Keys that nobody may register: the identity point, a point of order 4, a y that is no canonical field element. */
export const WEAK_KEYS: readonly Bytes[] = [Uint8Array.of(1, ...new Uint8Array(31)), new Uint8Array(32), new Uint8Array(32).fill(0xff)];

const SIGNATURE_BYTES = 64;

/**
 * Stands in for Ed25519, whose own tests are elsewhere and which costs fifty times as much: a checksum over key and message.
 * Who knows a public key could forge it, so faulty nodes of the simulator forge with other bytes, which must be refused.
 */
export function signCheaply(publicKey: Bytes, message: Bytes): Bytes {
  const signature = new Uint8Array(SIGNATURE_BYTES);
  checksum(publicKey, message, signature);
  return signature;
}

const expected = new Uint8Array(SIGNATURE_BYTES);

export const verifyCheaply: Verify = (publicKey, message, signature) => {
  if (signature.length !== SIGNATURE_BYTES || signature[SIGNATURE_BYTES - 1] !== 0) return false;
  checksum(publicKey, message, expected);
  for (let i = 0; i < CHECKSUM_BYTES; i++) if (signature[i] !== expected[i]) return false;
  return true;
};

const CHECKSUM_BYTES = 8;

/** Two multiplicative hashes of 32 bits over eight bytes of the key and all of the message. */
function checksum(publicKey: Bytes, message: Bytes, into: Bytes): void {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let i = 0; i < 8; i++) {
    a = Math.imul(a ^ (publicKey[i] as number), 2654435761);
    b = Math.imul(b ^ (publicKey[31 - i] as number), 1597334677);
  }
  for (let i = 0; i < message.length; i++) {
    const byte = message[i] as number;
    a = Math.imul((a ^ byte) + (a >>> 15), 2654435761);
    b = Math.imul((b ^ byte) + (b >>> 13), 1597334677);
  }
  for (let i = 0; i < 4; i++) {
    into[i] = a >>> (8 * i);
    into[i + 4] = b >>> (8 * i);
  }
}
