import { fromHex, toHex, type Bytes } from '../encoding/index.js';
import { checkPublicKey, generateKeyPair, keyPairOf, publicKeyOf, sign, verify } from './ed25519.js';

// RFC 8032 section 7.1: seed, public key, message, signature.
const RFC_8032 = [
  ['9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '', 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
  ['4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72', '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'],
  ['c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7', 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82', '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'],
].map((row) => row.map(fromHex)) as [Bytes, Bytes, Bytes, Bytes][];

const GROUP_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;

// The eight points of small order, with both encodings of the sign bit; and encodings of y that are not below the prime.
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
];
const NOT_CANONICAL = [
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];

describe('RFC 8032 section 7.1', () => {
  it.each(RFC_8032.map((vector, i) => ({ i, vector })))('test $i', ({ vector: [seed, publicKey, message, signature] }) => {
    expect(publicKeyOf(seed)).toEqual(publicKey);
    expect(sign(seed, message)).toEqual(signature);
    expect(verify(publicKey, message, signature)).toBe(true);
    expect(checkPublicKey(publicKey)).toBe('ok');
  });
});

describe('strict verification', () => {
  const [, publicKey, message, signature] = RFC_8032[2] as [Bytes, Bytes, Bytes, Bytes];

  it('refuses every flipped bit of the signature', () => {
    for (let bit = 0; bit < 512; bit++) {
      const changed = signature.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(verify(publicKey, message, changed)).toBe(false);
    }
  });

  it('refuses S + L, the same signature in a second encoding (RFC 8032 section 5.1.7)', () => {
    let s = 0n;
    for (let i = 63; i >= 32; i--) s = (s << 8n) | BigInt(signature[i] as number);
    const second = signature.slice();
    for (let i = 32, rest = s + GROUP_ORDER; i < 64; i++, rest >>= 8n) second[i] = Number(rest & 0xffn);
    expect(verify(publicKey, message, second)).toBe(false);
  });

  it('refuses wrong lengths without throwing', () => {
    expect(verify(publicKey.subarray(1), message, signature)).toBe(false);
    expect(verify(publicKey, message, signature.subarray(1))).toBe(false);
    expect(verify(new Uint8Array(0), message, new Uint8Array(0))).toBe(false);
  });

  it('refuses the identity key, with which OpenSSL 3.0 accepts one signature for every message', () => {
    const identity = fromHex(SMALL_ORDER[0] as string);
    const forged = new Uint8Array(64);
    forged[0] = 1;
    for (const text of [message, Uint8Array.of(1, 2, 3)]) expect(verify(identity, text, forged)).toBe(false);
  });

  it('refuses R = B, S = 1, which fits the identity key and every message', () => {
    const forged = fromHex(`58${'66'.repeat(31)}01${'00'.repeat(31)}`);
    for (const key of SMALL_ORDER) expect(verify(fromHex(key), message, forged)).toBe(false);
  });
});

describe('checkPublicKey', () => {
  it.each(SMALL_ORDER)('refuses small order %s', (hex) => expect(checkPublicKey(fromHex(hex))).toBe('smallOrder'));
  it.each(NOT_CANONICAL)('refuses y that is not below the prime %s', (hex) => expect(checkPublicKey(fromHex(hex))).toBe('notCanonical'));
  it('refuses 31 and 33 bytes', () => expect([31, 33].map((length) => checkPublicKey(new Uint8Array(length)))).toEqual(['length', 'length']));
  it('refuses what is no point of the curve', () => expect(checkPublicKey(fromHex(`02${'00'.repeat(31)}`))).toBe('notOnCurve'));
  it('takes every key that a seed gives', () => {
    for (let i = 0; i < 50; i++) expect(checkPublicKey(generateKeyPair().publicKey)).toBe('ok');
  });
});

it('keys of different seeds do not mix, whichever signed last', () => {
  const [a, b] = [keyPairOf(new Uint8Array(32).fill(1)), keyPairOf(new Uint8Array(32).fill(2))];
  const message = Uint8Array.of(7);
  const signatures = [a, b, a].map((pair) => toHex(sign(pair.privateKey, message)));
  expect(signatures[0]).toBe(signatures[2]);
  expect(signatures[0]).not.toBe(signatures[1]);
});
