import { createHash, randomBytes } from 'node:crypto';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { native, SCRATCH } from './native.js';

/** Hashes of RFC 6962 section 2.1, written once more as the text says it. */
function root(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  if (leaves.length === 1) return createHash('sha256').update(Uint8Array.of(0)).update(leaves[0] as Uint8Array).digest();
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return createHash('sha256').update(Uint8Array.of(1)).update(root(leaves.slice(0, k))).update(root(leaves.slice(k))).digest();
}

const result = (): string => Buffer.from((native as NonNullable<typeof native>).scratch.subarray(SCRATCH.hash, SCRATCH.hash + 32)).toString('hex');

// In CI a compiler is installed; elsewhere there may be none, and npm's libraries serve.
const withNative = native === null && process.env['CI'] === undefined ? describe.skip : describe;

withNative('the native routines give what other libraries give', () => {
  const routines = native as NonNullable<typeof native>;

  test('SHA-256 and Keccak-256 at every length up to four blocks and some beyond', () => {
    for (const length of [...Array.from({ length: 545 }, (_, i) => i), 4096, 100_003]) {
      const bytes = randomBytes(length);
      routines.sha256(bytes, length);
      expect(result()).toBe(createHash('sha256').update(bytes).digest('hex'));
      routines.keccak256(bytes);
      expect(result()).toBe(Buffer.from(keccak_256(bytes)).toString('hex'));
    }
    const some = randomBytes(100);
    routines.sha256(some, 40);
    expect(result()).toBe(createHash('sha256').update(some.subarray(0, 40)).digest('hex'));
  });

  test('RFC 6962 roots of trees of 0 to 70 leaves of many lengths', () => {
    for (let count = 0; count <= 70; count++) {
      const leaves = Array.from({ length: count }, (_, i) => randomBytes((i * 37) % 200));
      routines.merkleRoot(leaves);
      expect(result()).toBe(root(leaves).toString('hex'));
    }
  });

  test('recovery: the signer of prefix ‖ part ‖ suffix; nobody where there can be none', () => {
    for (let i = 0; i < 30; i++) {
      const key = secp256k1.utils.randomSecretKey();
      const raw = randomBytes(300);
      const signed = Buffer.concat([Buffer.of(2, 9), raw.subarray(10, 290), Buffer.of(7)]);
      const signature = secp256k1.sign(keccak_256(signed), key, { prehash: false, format: 'recovered' });
      routines.scratch.set(signature.subarray(1), SCRATCH.signature);
      routines.scratch[SCRATCH.parity] = signature[0] as number;
      routines.scratch.set([2, 2, 9], SCRATCH.prefixLength);
      routines.scratch.set([1, 7], SCRATCH.suffixLength);
      expect(routines.sender(raw, 10, 290)).toBe(true);
      const address = keccak_256(secp256k1.getPublicKey(key, false).subarray(1)).subarray(12);
      expect(Buffer.from(routines.scratch.subarray(SCRATCH.sender, SCRATCH.sender + 20)).toString('hex')).toBe(Buffer.from(address).toString('hex'));
      expect(routines.recover(keccak_256(signed))).toBe(true);
      expect(Buffer.from(routines.scratch.subarray(SCRATCH.key, SCRATCH.key + 64)).equals(Buffer.from(secp256k1.getPublicKey(key, false).subarray(1)))).toBe(true);
    }
    for (const bad of [new Uint8Array(64), new Uint8Array(64).fill(0xff)]) {
      routines.scratch.set(bad, SCRATCH.signature);
      expect(routines.recover(new Uint8Array(32).fill(1))).toBe(false);
    }
    routines.scratch[SCRATCH.parity] = 2;
    expect(routines.recover(new Uint8Array(32).fill(1))).toBe(false);
  });

  test('hashes of latin1 text are those of its bytes', () => {
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
    for (let length = 0; length <= 128; length++) {
      const [key, value, other] = [randomBytes(32), randomBytes(length), randomBytes(32)];
      expect(routines.leafText(text(key), text(value))).toBe(createHash('sha256').update(Uint8Array.of(0)).update(key).update(value).digest().toString('latin1'));
      expect(routines.innerText(length, text(key), text(other))).toBe(createHash('sha256').update(Uint8Array.of(1, length)).update(key).update(other).digest().toString('latin1'));
    }
    const [key, short] = ['k'.repeat(32), 'k'.repeat(31)];
    for (const bad of [
      () => routines.leafText(short, ''), () => routines.leafText(`${key}k`, ''), () => routines.leafText(key, 'v'.repeat(129)), () => routines.leafText(key, 'v'.repeat(500)),
      () => routines.innerText(256, key, key), () => routines.innerText(1, key, short), () => routines.innerText(1, `${key}k`, key), () => routines.innerText(1, key, `${key}k`),
    ]) expect(bad).toThrow('latin1');
  });

  test('what is not bytes is refused, and nothing outside is read', () => {
    const loose = routines as unknown as Record<string, (...args: unknown[]) => unknown>;
    expect(() => loose['keccak256']?.('text')).toThrow('Uint8Array');
    expect(() => loose['sha256']?.(new Uint8Array(4), 5)).toThrow('Uint8Array');
    expect(() => loose['sender']?.(new Uint8Array(4), 3, 2)).toThrow('range');
    expect(() => loose['sender']?.(new Uint8Array(4), 0, 5)).toThrow('range');
    expect(() => loose['recover']?.(new Uint8Array(31))).toThrow('32 bytes');
    expect(() => loose['merkleRoot']?.([new Uint8Array(1), 'x'])).toThrow('Uint8Array');
    expect(() => loose['begin']?.(new Uint8Array(512))).toThrow('before');
    routines.scratch[SCRATCH.prefixLength] = 15;
    expect(() => routines.sender(new Uint8Array(4), 0, 4)).toThrow('range');
    routines.scratch[SCRATCH.prefixLength] = 0;
  });
});
