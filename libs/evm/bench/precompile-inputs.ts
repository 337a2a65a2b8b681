import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bn254 } from '@noble/curves/bn254.js';
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { generateKeyPair, sign } from '#ledger';

/** Inputs that make each precompile work as hard as its gas allows: points that are no generators, scalars and exponents full of ones. */

const concat = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
const word = (value: bigint, bytes = 32): Uint8Array => Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex'));
const repeat = (count: number, part: (i: bigint) => Uint8Array): Uint8Array => concat(...Array.from({ length: count }, (_, i) => part(BigInt(i))));
const FULL = (1n << 256n) - 1n;

const bnG1 = (i: bigint): Uint8Array => {
  const { x, y } = bn254.G1.Point.BASE.multiply(123_456_789_123_456_789n + i).toAffine();
  return concat(word(x), word(y));
};
const bnG2 = (i: bigint): Uint8Array => {
  const { x, y } = bn254.G2.Point.BASE.multiply(987_654_321_987_654_321n + i).toAffine();
  return concat(word(x.c1), word(x.c0), word(y.c1), word(y.c0));
};
const blsG1 = (i: bigint): Uint8Array => {
  const { x, y } = bls12_381.G1.Point.BASE.multiply(123_456_789_123_456_789n + i).toAffine();
  return concat(word(x, 64), word(y, 64));
};
const blsG2 = (i: bigint): Uint8Array => {
  const { x, y } = bls12_381.G2.Point.BASE.multiply(987_654_321_987_654_321n + i).toAffine();
  return concat(word(x.c0, 64), word(x.c1, 64), word(y.c0, 64), word(y.c1, 64));
};

const BLS_FIELD = (1n << 380n) - 12_345n;
const DIGEST = new Uint8Array(32).fill(0x5a);

function ecrecover(): Uint8Array {
  const signature = secp256k1.sign(DIGEST, new Uint8Array(32).fill(7), { prehash: false, format: 'recovered' });
  return concat(DIGEST, word(27n + BigInt(signature[0] as number)), signature.subarray(1));
}

function p256Verify(): Uint8Array {
  const key = new Uint8Array(32).fill(9);
  const signature = p256.sign(DIGEST, key, { prehash: false, lowS: false });
  return concat(DIGEST, signature, p256.getPublicKey(key, false).subarray(1));
}

/** Lengths of base, exponent and modulus; exponent and base all ones, modulus odd. */
function modexp(base: number, exponent: number, modulus: number): Uint8Array {
  return concat(word(BigInt(base)), word(BigInt(exponent)), word(BigInt(modulus)), new Uint8Array(base).fill(0xff), new Uint8Array(exponent).fill(0xff), new Uint8Array(modulus).fill(0xfd));
}

function blake2f(rounds: number): Uint8Array {
  return concat(word(BigInt(rounds), 4), new Uint8Array(208).fill(0x3c), Uint8Array.of(1));
}

/** A signature that holds takes longest; one over a long message is hashed as well. */
function ed25519(messageBytes: number): Uint8Array {
  const { publicKey, privateKey } = generateKeyPair();
  const message = new Uint8Array(messageBytes).fill(0x5a);
  return concat(publicKey, sign(privateKey, message), message);
}

export interface PrecompileInput {
  name: string;
  address: number;
  input: Uint8Array;
}

export function precompileInputs(): PrecompileInput[] {
  const of = (name: string, address: number, input: Uint8Array): PrecompileInput => ({ name, address, input });
  return [
    of('ecrecover', 0x01, ecrecover()),
    of('sha256, 64 bytes', 0x02, new Uint8Array(64).fill(1)), of('sha256, 32 KiB', 0x02, new Uint8Array(32_768).fill(1)),
    of('ripemd160, 64 bytes', 0x03, new Uint8Array(64).fill(1)), of('ripemd160, 32 KiB', 0x03, new Uint8Array(32_768).fill(1)),
    of('identity, no bytes', 0x04, new Uint8Array(0)), of('identity, 32 KiB', 0x04, new Uint8Array(32_768).fill(1)),
    of('modexp 32/32/32', 0x05, modexp(32, 32, 32)), of('modexp 32/1024/32', 0x05, modexp(32, 1024, 32)), of('modexp 64/32/64', 0x05, modexp(64, 32, 64)),
    of('modexp 128/32/128', 0x05, modexp(128, 32, 128)), of('modexp 256/32/256', 0x05, modexp(256, 32, 256)), of('modexp 1024/32/1024', 0x05, modexp(1024, 32, 1024)),
    of('modexp 1024/1/1024', 0x05, modexp(1024, 1, 1024)), of('modexp 1024/1024/8', 0x05, modexp(8, 1024, 8)),
    of('bn254 add', 0x06, concat(bnG1(0n), bnG1(1n))), of('bn254 mul', 0x07, concat(bnG1(0n), word(FULL))),
    of('bn254 pairing, 1', 0x08, repeat(1, (i) => concat(bnG1(i), bnG2(i)))), of('bn254 pairing, 20', 0x08, repeat(20, (i) => concat(bnG1(i), bnG2(i)))),
    of('blake2f, 12 rounds', 0x09, blake2f(12)), of('blake2f, 100,000 rounds', 0x09, blake2f(100_000)),
    of('BLS G1 add', 0x0b, concat(blsG1(0n), blsG1(1n))),
    of('BLS G1 MSM, 1', 0x0c, repeat(1, (i) => concat(blsG1(i), word(FULL - i)))), of('BLS G1 MSM, 16', 0x0c, repeat(16, (i) => concat(blsG1(i), word(FULL - i)))), of('BLS G1 MSM, 128', 0x0c, repeat(128, (i) => concat(blsG1(i), word(FULL - i)))),
    of('BLS G2 add', 0x0d, concat(blsG2(0n), blsG2(1n))),
    of('BLS G2 MSM, 1', 0x0e, repeat(1, (i) => concat(blsG2(i), word(FULL - i)))), of('BLS G2 MSM, 16', 0x0e, repeat(16, (i) => concat(blsG2(i), word(FULL - i)))), of('BLS G2 MSM, 128', 0x0e, repeat(128, (i) => concat(blsG2(i), word(FULL - i)))),
    of('BLS pairing, 1', 0x0f, repeat(1, (i) => concat(blsG1(i), blsG2(i)))), of('BLS pairing, 16', 0x0f, repeat(16, (i) => concat(blsG1(i), blsG2(i)))),
    of('BLS map Fp to G1', 0x10, word(BLS_FIELD, 64)), of('BLS map Fp2 to G2', 0x11, concat(word(BLS_FIELD, 64), word(BLS_FIELD - 2n, 64))),
    of('P-256 verify', 0x100, p256Verify()),
    of('Ed25519 verify, 64 bytes', 0x5e1e10, ed25519(64)), of('Ed25519 verify, 32 KiB', 0x5e1e10, ed25519(32_768)),
  ];
}
