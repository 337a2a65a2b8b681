import { certify, COMMIT_2, GENESIS_HASH, hashOf, KEYS, VALIDATORS } from '../../testing/samples.js';
import { keyPairOf, sign, type KeyPair } from '../crypto/ed25519.js';
import { concatBytes, fromHex, LedgerError, Writer, type Bytes } from '../encoding/index.js';
import { decodeCertificate, encodeCertificate, verifyCertificate, type Certificate } from './certificate.js';
import { isQuorum, isWeak } from './quorum.js';
import { ValidatorSet } from './validators.js';
import { voteSignBytes } from './vote.js';

// Powers of the sample set are 10, 11, 12, 13: 46 in all, so BFT needs 31 and CFT 24.
const content = { kind: 'precommit' as const, height: 9n, round: 2, blockHash: hashOf('block 9') };
const check = (certificate: Certificate, model: 'BFT' | 'CFT' = 'BFT') => verifyCertificate(certificate, VALIDATORS, model, GENESIS_HASH);
const withSignature = (certificate: Certificate, at: number, signature: Bytes): Certificate => ({
  ...certificate,
  signatures: certificate.signatures.map((entry, i) => (i === at ? { ...entry, signature } : entry)),
});

describe('verifyCertificate', () => {
  it.each([
    { signers: [0, 1, 2, 3], model: 'BFT' as const, expected: { ok: true, power: 46n } },
    { signers: [0, 1, 2], model: 'BFT' as const, expected: { ok: true, power: 33n } },
    { signers: [2, 3], model: 'BFT' as const, expected: { ok: false, code: 'noQuorum', power: 25n, total: 46n } },
    { signers: [2, 3], model: 'CFT' as const, expected: { ok: true, power: 25n } },
    { signers: [1, 2], model: 'CFT' as const, expected: { ok: false, code: 'noQuorum', power: 23n, total: 46n } },
    { signers: [], model: 'CFT' as const, expected: { ok: false, code: 'noQuorum', power: 0n, total: 46n } },
  ])('$model, signers $signers', ({ signers, model, expected }) => expect(check(certify(content, signers), model)).toEqual(expected));

  it('checks every signature: one bad one behind a quorum refuses all (GHSA-6jqj-f58p-mrw3)', () => {
    const all = certify(content);
    for (let at = 0; at < 4; at++) {
      expect(check(withSignature(all, at, new Uint8Array(64)))).toEqual({ ok: false, code: 'badSignature', validator: at });
      expect(check(withSignature(all, at, (all.signatures[(at + 1) % 4] as { signature: Bytes }).signature))).toEqual({ ok: false, code: 'badSignature', validator: at });
    }
  });

  it('goes by index, so one validator never counts twice (GHSA-6jrf-4jv4-r9mw)', () => {
    const one = certify(content, [3]);
    const thrice = { ...one, signatures: [one.signatures[0], one.signatures[0], one.signatures[0]] as Certificate['signatures'] };
    expect(check(thrice)).toEqual({ ok: false, code: 'notAscending', validator: 3 });
    const elsewhere = { ...one, signatures: [0, 1, 2].map((validator) => ({ validator, signature: (one.signatures[0] as { signature: Bytes }).signature })) };
    expect(check(elsewhere)).toEqual({ ok: false, code: 'badSignature', validator: 0 });
  });

  it('refuses an index outside the set', () => {
    const all = certify(content);
    const beyond = { ...all, signatures: [...all.signatures, { validator: 4, signature: new Uint8Array(64) }] };
    expect(check(beyond)).toEqual({ ok: false, code: 'unknownValidator', validator: 4 });
  });

  it.each([
    ['kind', { kind: 'prevote' as const }],
    ['height', { height: 10n }],
    ['round', { round: 3 }],
    ['blockHash', { blockHash: hashOf('another') }],
    ['nil', { blockHash: null }],
  ])('signatures do not carry over to another %s', (_name, change) => {
    expect(check({ ...certify(content), ...change })).toEqual({ ok: false, code: 'badSignature', validator: 0 });
  });

  it('signatures do not carry over to another chain', () => {
    expect(verifyCertificate(certify(content), VALIDATORS, 'BFT', hashOf('another genesis'))).toMatchObject({ code: 'badSignature' });
  });

  it('refuses signatures of a stranger', () => {
    const stranger = keyPairOf(new Uint8Array(32).fill(99));
    const signature = sign(stranger.privateKey, voteSignBytes(GENESIS_HASH, content));
    expect(check(withSignature(certify(content), 2, signature))).toEqual({ ok: false, code: 'badSignature', validator: 2 });
  });
});

describe('a certificate in bytes', () => {
  const raw = (indexes: readonly number[], count = indexes.length, kind = 3, flag = 1): Bytes => {
    const writer = new Writer().u8(1).u8(kind).u64(1n).u32(0).u8(flag).fixed(hashOf('x'), 32).u32(count);
    for (const index of indexes) writer.u32(index).fixed(new Uint8Array(64), 64);
    return writer.finish();
  };
  const codeOf = (bytes: Bytes): string => {
    try {
      decodeCertificate(bytes);
      return 'accepted';
    } catch (error) {
      return error instanceof LedgerError ? error.code : 'another error';
    }
  };

  it.each([
    ['ascending indexes', raw([0, 2, 5]), 'accepted'],
    ['a repeated index', raw([0, 2, 2]), 'notCanonical'],
    ['falling indexes', raw([2, 1]), 'notCanonical'],
    ['more signatures announced than there are', raw([0], 2), 'truncated'],
    ['fewer announced', raw([0, 1], 1), 'trailingBytes'],
    ['more than a set may hold', raw([], 1001), 'tooLong'],
    ['the tag of a proposal', raw([0], 1, 1), 'badTag'],
    ['an unknown tag', raw([0], 1, 4), 'badTag'],
    ['a flag of 2', raw([0], 1, 3, 2), 'notCanonical'],
  ])('%s', (_name, bytes, expected) => expect(codeOf(bytes)).toBe(expected));

  it('is not written with unsorted signatures', () => {
    expect(() => encodeCertificate({ ...COMMIT_2, signatures: [...COMMIT_2.signatures].reverse() })).toThrow(LedgerError);
  });
});

describe('quorums of n equal validators (docs/spec/consensus.md, table)', () => {
  it.each([
    [1, 1, 1], [2, 2, 2], [3, 3, 2], [4, 3, 3], [5, 4, 3], [6, 5, 4], [7, 5, 4], [10, 7, 6], [13, 9, 7], [16, 11, 9], [50, 34, 26],
  ])('n = %i: BFT %i, CFT %i', (n, bft, cft) => {
    const least = (model: 'BFT' | 'CFT') => Array.from({ length: n }, (_, i) => i + 1).find((p) => isQuorum(model, BigInt(p), BigInt(n)));
    expect([least('BFT'), least('CFT')]).toEqual([bft, cft]);
    expect(isWeak('BFT', BigInt(Math.floor(n / 3)), BigInt(n))).toBe(false);
    expect(isWeak('BFT', BigInt(Math.floor(n / 3) + 1), BigInt(n))).toBe(true);
    expect([isWeak('CFT', 0n, BigInt(n)), isWeak('CFT', 1n, BigInt(n))]).toEqual([false, true]);
  });
});

describe('ValidatorSet', () => {
  const validator = (n: number, power = 1n) => ({ publicKey: (KEYS[n] as KeyPair).publicKey, power });

  it('sorts by key; index is the place', () => {
    const set = new ValidatorSet([validator(3, 4n), validator(0, 1n), validator(2, 3n)]);
    expect(set.validators.map((one) => one.power)).toEqual([1n, 3n, 4n]);
    expect(set.indexOf((KEYS[2] as KeyPair).publicKey)).toBe(1);
    expect(set.indexOf((KEYS[1] as KeyPair).publicKey)).toBe(-1);
    expect(set.at(3)).toBeUndefined();
    expect(set.total).toBe(8n);
  });

  it('has a hash that depends on every key and power', () => {
    const hashes = [[validator(0), validator(1)], [validator(0), validator(2)], [validator(0), validator(1, 2n)], [validator(0)]].map((list) => new ValidatorSet(list).hash.join());
    expect(new Set(hashes).size).toBe(4);
  });

  it.each([
    ['none', []],
    ['a duplicate', [validator(0), validator(0)]],
    ['no power', [validator(0, 0n)]],
    ['negative power', [validator(0, -1n)]],
    ['too much power', [validator(0, 1n << 62n), validator(1)]],
    ['the identity key', [{ publicKey: fromHex(`01${'00'.repeat(31)}`), power: 1n }]],
    ['a key that is not canonical', [{ publicKey: fromHex(`${'ff'.repeat(31)}7f`), power: 1n }]],
    ['a long key', [{ publicKey: concatBytes((KEYS[0] as KeyPair).publicKey, Uint8Array.of(0)), power: 1n }]],
  ])('refuses %s', (_name, list) => expect(() => new ValidatorSet(list)).toThrow(expect.objectContaining({ code: 'badValidatorSet' }) as Error));
});
