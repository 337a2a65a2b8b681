/// <reference path="./sodium-native.d.ts" />
import { randomBytes } from 'node:crypto';
import sodium from 'sodium-native';
import { equalBytes, type Bytes } from '../encoding/index.js';

/** A 32-byte Ed25519 seed and its raw public key (RFC 8032). */
export interface KeyPair {
  privateKey: Bytes;
  publicKey: Bytes;
}

const FIELD_PRIME = (1n << 255n) - 19n;

/** Encodings of the points of order 1, 2, 4 and 8, without the sign bit (RFC 7748 section 6.1 names the danger). */
const SMALL_ORDER_Y = new Set<bigint>([
  0n,
  1n,
  FIELD_PRIME - 1n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
]);

export function generateKeyPair(): KeyPair {
  return keyPairOf(new Uint8Array(randomBytes(32)));
}

/** The key pair of a 32-byte seed. */
export function keyPairOf(seed: Bytes): KeyPair {
  return { privateKey: seed, publicKey: publicKeyOf(seed) };
}

export function publicKeyOf(seed: Bytes): Bytes {
  return expand(seed).publicKey.slice();
}

/** Ed25519 signature, 64 bytes; deterministic (RFC 8032 section 5.1.6). */
export function sign(seed: Bytes, message: Bytes): Bytes {
  const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
  sodium.crypto_sign_detached(signature, asBuffer(message), expand(seed).secret);
  return new Uint8Array(signature);
}

/**
 * Strict verification: non-canonical S, non-canonical keys and keys of small order are refused (libsodium's rule).
 * Never throws: bytes of a wrong length are a wrong signature.
 */
export function verify(publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  return sodium.crypto_sign_verify_detached(asBuffer(signature), asBuffer(message), asBuffer(publicKey));
}

/** `notOnCurve`: no point of the curve, or one outside the prime-order group, which no seed gives. */
export type KeyCheck = 'ok' | 'length' | 'notCanonical' | 'smallOrder' | 'notOnCurve';

/** Whether a public key may be registered: OpenSSL, for one, accepts the identity key for every message. */
export function checkPublicKey(publicKey: Bytes): KeyCheck {
  if (publicKey.length !== 32) return 'length';
  let y = 0n;
  for (let i = 31; i >= 0; i--) y = (y << 8n) | BigInt(i === 31 ? (publicKey[i] as number) & 0x7f : (publicKey[i] as number));
  if (y >= FIELD_PRIME) return 'notCanonical';
  if (SMALL_ORDER_Y.has(y)) return 'smallOrder';
  return sodium.crypto_core_ed25519_is_valid_point(asBuffer(publicKey)) ? 'ok' : 'notOnCurve';
}

/** The expanded secret of the last seed: a node signs with one key only, and expanding costs as much as signing. */
let last: { seed: Bytes; secret: Buffer; publicKey: Bytes } | undefined;

function expand(seed: Bytes): { secret: Buffer; publicKey: Bytes } {
  if (last !== undefined && equalBytes(last.seed, seed)) return last;
  const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
  const secret = Buffer.alloc(sodium.crypto_sign_SECRETKEYBYTES);
  sodium.crypto_sign_seed_keypair(publicKey, secret, asBuffer(seed));
  last = { seed: seed.slice(), secret, publicKey: new Uint8Array(publicKey) };
  return last;
}

function asBuffer(bytes: Bytes): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
