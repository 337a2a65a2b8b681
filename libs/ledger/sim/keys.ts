import { compareBytes, equalBytes, keyPairOf, sha256, utf8, type Bytes, type Verify } from '../src/index.js';

/** At most so many nodes in a run. */
export const MAX_NODES = 16;

/** Their public keys, real ones, by ascending key: a node's number is its place here. */
export const NODE_KEYS: readonly Bytes[] = Array.from({ length: MAX_NODES }, (_, i) => keyPairOf(sha256(utf8(`simulated node ${i}`))).publicKey).sort(compareBytes);

const SIGNATURE_BYTES = 64;

/**
 * Stands in for Ed25519, whose own tests are elsewhere and which costs fifty times as much: a hash over key and message. Who
 * knows a public key could forge it, so faulty nodes of the simulator forge with other bytes, which must be refused.
 */
export function signCheaply(publicKey: Bytes, message: Bytes): Bytes {
  const signature = new Uint8Array(SIGNATURE_BYTES);
  signature.set(sha256(publicKey, message));
  return signature;
}

export const verifyCheaply: Verify = (publicKey, message, signature) =>
  signature.length === SIGNATURE_BYTES && equalBytes(signature.subarray(0, 32), sha256(publicKey, message)) && signature[SIGNATURE_BYTES - 1] === 0;
