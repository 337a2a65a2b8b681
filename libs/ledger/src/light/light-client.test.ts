import { hashOf } from '../../testing/samples.js';
import { keyPairOf, sign, type KeyPair } from '../crypto/ed25519.js';
import type { Certificate } from '../formats/certificate.js';
import { evidenceRoot, transactionsRoot } from '../formats/block.js';
import { genesisHash, type Genesis } from '../formats/genesis.js';
import { blockHash, type Header } from '../formats/header.js';
import { DEFAULT_PARAMS } from '../formats/params.js';
import type { FaultModel } from '../formats/quorum.js';
import { ValidatorSet } from '../formats/validators.js';
import { voteSignBytes } from '../formats/vote.js';
import { LightClient } from './light-client.js';
import type { LightRefusalCode } from './refusal.js';

const PAIRS = Array.from({ length: 12 }, (_, n) => keyPairOf(new Uint8Array(32).fill(40 + n)));
const pair = (n: number): KeyPair => PAIRS[n] as KeyPair;
const setOf = (...numbers: number[]): ValidatorSet => new ValidatorSet(numbers.map((n) => ({ publicKey: pair(n).publicKey, power: 1n })));

/** A chain of headers whose validators are given height by height. */
class Headers {
  readonly genesis: Genesis;
  private readonly hash;
  private readonly headers: Header[] = [];

  /** @param sets of height 1, 2, …; the last is also the next one's. */
  constructor(readonly sets: readonly (readonly number[])[], model: FaultModel = 'BFT') {
    this.genesis = {
      version: 2, evmChainId: 5n, faultModel: model, timeMs: 1000n, hardfork: 'osaka', protocolVersion: 1, access: 'open', params: DEFAULT_PARAMS,
      members: [{ name: 'one', governance: new Uint8Array(20).fill(1), operations: new Uint8Array(20).fill(2) }],
      validators: (sets[0] as number[]).map((n) => ({ publicKey: pair(n).publicKey, power: 1n, member: 0 })), alloc: [],
    };
    this.hash = genesisHash(this.genesis);
    for (let height = 1; height <= sets.length; height++) this.headers.push(this.make(height));
  }

  set(height: number): ValidatorSet {
    return setOf(...(this.sets[Math.min(height, this.sets.length) - 1] as number[]));
  }

  at(height: number, changes: Partial<Header> = {}): Header {
    return { ...(this.headers[height - 1] as Header), ...changes };
  }

  /** A header with the commit of the given keys, or of all its validators. */
  signed(height: number, changes: Partial<Header> = {}, by?: readonly number[], set = this.set(height)) {
    const header = this.at(height, changes);
    return { header, certificate: this.certify(header, set, by ?? (this.sets[height - 1] as number[])) };
  }

  change(height: number) {
    return { ...this.signed(height), nextValidators: this.set(height + 1).validators };
  }

  certify(header: Header, set: ValidatorSet, by: readonly number[], content: Partial<Certificate> = {}): Certificate {
    const vote = { kind: 'precommit' as const, height: header.height, round: 0, blockHash: blockHash(header), ...content };
    const message = voteSignBytes(this.hash, vote);
    const signatures = by.map((n) => ({ validator: set.indexOf(pair(n).publicKey), signature: sign(pair(n).privateKey, message) })).sort((a, b) => a.validator - b.validator);
    return { ...vote, signatures };
  }

  private make(height: number): Header {
    const below = this.headers[height - 2];
    return {
      version: 1, genesisHash: this.hash, height: BigInt(height), prevHash: below === undefined ? this.hash : blockHash(below), prevCommitHash: hashOf('commit'), timeMs: 1000n + BigInt(height),
      proposer: pair(0).publicKey, txRoot: transactionsRoot([]), txCount: 0, stateRoot: hashOf(`state ${height}`), receiptsRoot: transactionsRoot([]),
      validatorsHash: this.set(height).hash, nextValidatorsHash: this.set(height + 1).hash, paramsHash: hashOf('params'), evidenceRoot: evidenceRoot([]),
    };
  }
}

const steady = new Headers(Array.from({ length: 6 }, () => [0, 1, 2, 3]));
/** 4 → 5 leaves 0 and takes 4, then 1 and 5, then 2 and 6, then 3 and 7. */
const moving = new Headers([[0, 1, 2, 3], [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [3, 4, 5, 6], [4, 5, 6, 7], [4, 5, 6, 7]]);
const code = (check: { ok: boolean; code?: LightRefusalCode }): LightRefusalCode | 'ok' => (check.ok ? 'ok' : (check.code as LightRefusalCode));

describe('from genesis', () => {
  it('believes what a quorum of the validators certified, in any order', () => {
    const client = LightClient.fromGenesis(steady.genesis);
    for (const height of [6, 1, 3, 2, 5]) expect(code(client.accept(steady.signed(height, {}, [0, 1, 2])))).toBe('ok');
  });

  it.each<[LightRefusalCode, () => ReturnType<Headers['signed']>]>([
    ['noQuorum', () => steady.signed(2, {}, [0, 1])],
    ['badSignature', () => ({ ...steady.signed(2), certificate: steady.signed(3).certificate.kind === 'precommit' ? { ...steady.signed(2).certificate, signatures: steady.signed(3).certificate.signatures } : steady.signed(2).certificate })],
    ['otherBlockCertified', () => ({ header: steady.at(2), certificate: steady.signed(3).certificate })],
    ['otherBlockCertified', () => ({ header: steady.at(2), certificate: steady.certify(steady.at(2), steady.set(2), [0, 1, 2], { blockHash: null }) })],
    ['notACommit', () => ({ header: steady.at(2), certificate: steady.certify(steady.at(2), steady.set(2), [0, 1, 2], { kind: 'prevote' }) })],
    ['unknownValidator', () => ({ header: steady.at(2), certificate: { ...steady.signed(2).certificate, signatures: [{ validator: 9, signature: new Uint8Array(64) }] } })],
    ['notAscending', () => ({ header: steady.at(2), certificate: { ...steady.signed(2).certificate, signatures: [...steady.signed(2).certificate.signatures].reverse() } })],
    ['otherChain', () => steady.signed(2, { genesisHash: hashOf('other') })],
    ['heightZero', () => steady.signed(1, { height: 0n })],
    ['validatorSetMismatch', () => steady.signed(2, { validatorsHash: setOf(0, 1, 2).hash })],
  ])('refuses: %s', (expected, signed) => {
    const client = LightClient.fromGenesis(steady.genesis);
    expect(code(client.accept(signed()))).toBe(expected);
    // And believes the true one all the same.
    expect(code(client.accept(steady.signed(2)))).toBe('ok');
  });

  it('follows changes of validators one by one, and no further than they are shown', () => {
    const client = LightClient.fromGenesis(moving.genesis);
    expect(code(client.accept(moving.signed(6)))).toBe('validatorSetMismatch');
    for (const height of [2, 3, 4, 5]) expect(code(client.acceptChange(moving.change(height)))).toBe('ok');
    expect(client.accept(moving.signed(7))).toMatchObject({ ok: true, power: 4n });
    expect(code(client.accept(moving.signed(1)))).toBe('ok');
  });

  it('a change must change something, and bring the validators that its header names', () => {
    const client = LightClient.fromGenesis(moving.genesis);
    expect(code(client.acceptChange({ ...moving.signed(1), nextValidators: moving.set(1).validators }))).toBe('noChange');
    expect(code(client.acceptChange({ ...moving.change(2), nextValidators: setOf(1, 2, 3, 5).validators }))).toBe('badNextValidators');
    expect(code(client.acceptChange({ ...moving.change(2), nextValidators: [...moving.set(3).validators, ...moving.set(3).validators] }))).toBe('badNextValidators');
    expect(code(client.acceptChange({ ...moving.change(2), certificate: moving.signed(2, {}, [0, 1]).certificate }))).toBe('noQuorum');
    expect(code(client.accept(moving.signed(3)))).toBe('validatorSetMismatch');
  });

  it('those who left certify nothing any more', () => {
    const client = LightClient.fromGenesis(moving.genesis);
    client.acceptChange(moving.change(2));
    expect(code(client.accept(moving.signed(3, { validatorsHash: moving.set(1).hash }, [0, 1, 2, 3], moving.set(1))))).toBe('validatorSetMismatch');
  });

  it('does not skip', () => expect(code(LightClient.fromGenesis(moving.genesis).skipTo(moving.signed(4), moving.set(4)))).toBe('skipFromGenesis'));
});

describe('from a trusted head', () => {
  const from = (chain: Headers, height: number): LightClient => LightClient.fromHead(chain.genesis.faultModel, chain.at(height), chain.set(height + 1));

  it('goes on above it, and knows nothing below', () => {
    const client = from(steady, 3);
    expect(['ok', 'belowTrust', 'belowTrust']).toEqual([code(client.accept(steady.signed(5))), code(client.accept(steady.signed(2))), code(client.accept(steady.signed(3)))]);
    expect(() => LightClient.fromHead('BFT', moving.at(2), moving.set(2))).toThrow('not those');
  });

  it('BFT: skips where the signers have more than a third of the trusted power', () => {
    // Of 0, 1, 2, 3 the set of height 4 has 2 and 3, that of height 5 only 3.
    expect(code(from(moving, 1).skipTo(moving.signed(4), moving.set(4)))).toBe('ok');
    expect(code(from(moving, 1).skipTo(moving.signed(5), moving.set(5)))).toBe('tooLittleOverlap');
    // A quorum of the new set in which only one of the old takes part.
    expect(code(from(moving, 1).skipTo(moving.signed(4, {}, [3, 4, 5]), moving.set(4)))).toBe('tooLittleOverlap');
    const client = from(moving, 1);
    client.skipTo(moving.signed(4), moving.set(4));
    expect(code(client.skipTo(moving.signed(6), moving.set(6)))).toBe('ok');
    expect(code(client.accept(moving.signed(7)))).toBe('ok');
  });

  it('CFT: skips where they have more than half', () => {
    const chain = new Headers([[0, 1, 2], [0, 1, 2], [1, 2, 3], [2, 3, 4], [2, 3, 4]], 'CFT');
    expect(code(from(chain, 1).skipTo(chain.signed(3), chain.set(3)))).toBe('ok');
    expect(code(from(chain, 1).skipTo(chain.signed(4), chain.set(4)))).toBe('tooLittleOverlap');
  });

  it('a skip needs a quorum of the new set, every signature, and the set that the header names', () => {
    expect(code(from(moving, 1).skipTo(moving.signed(4, {}, [2, 3]), moving.set(4)))).toBe('noQuorum');
    expect(code(from(moving, 1).skipTo(moving.signed(4), moving.set(3)))).toBe('validatorSetMismatch');
    const { header, certificate } = moving.signed(4);
    const signatures = certificate.signatures.map((one, i) => (i === 0 ? { ...one, signature: new Uint8Array(64) } : one));
    expect(code(from(moving, 1).skipTo({ header, certificate: { ...certificate, signatures } }, moving.set(4)))).toBe('badSignature');
  });
});

describe('two certified headers that contradict each other', () => {
  const conflicts: [string, number, Partial<Header>, RegExp][] = [
    ['another block of a height', 3, { stateRoot: hashOf('other') }, /block 3 is 0x/],
    ['a block that does not follow the one below', 4, { prevHash: hashOf('other') }, /block 4 does not follow block 3/],
    ['a block that the one above does not follow', 2, { stateRoot: hashOf('other') }, /block 3 does not follow block 2/],
    ['a later block that is not later', 5, { timeMs: 1003n }, /block 5 is not later than block 3/],
    ['an earlier block that is not earlier', 1, { timeMs: 2000n }, /block 1 is not earlier than block 3/],
    ['a first block that follows another genesis', 1, { prevHash: hashOf('other') }, /block 1 does not follow block 0/],
  ];
  it.each(conflicts)('%s: neither is believed, nor anything after', (_name, height, changes, why) => {
    const client = LightClient.fromGenesis(steady.genesis);
    expect(code(client.accept(steady.signed(3)))).toBe('ok');
    const check = client.accept(steady.signed(height, changes));
    expect(check).toMatchObject({ ok: false, code: 'conflict', message: expect.stringMatching(why) as string });
    expect(code(client.accept(steady.signed(3)))).toBe('conflict');
    expect(code(client.accept(steady.signed(6)))).toBe('conflict');
    expect(client.conflict).not.toBeNull();
  });

  it('a block with other validators than the one below names', () => {
    const client = LightClient.fromGenesis(moving.genesis);
    client.acceptChange(moving.change(2));
    const stray = { validatorsHash: moving.set(3).hash };
    expect(code(client.accept(moving.signed(4, stray, [1, 2, 3, 4], moving.set(3))))).toBe('ok');
    expect(code(client.acceptChange(moving.change(3)))).toBe('conflict');
  });

  it('a pinned block counts as one', () => {
    const client = LightClient.fromGenesis(steady.genesis);
    expect(client.pin(3n, hashOf('told'), 1003n)).toBeNull();
    expect(code(client.accept(steady.signed(3)))).toBe('conflict');
    const agreeing = LightClient.fromGenesis(steady.genesis);
    agreeing.pin(3n, blockHash(steady.at(3)), 1003n);
    expect([code(agreeing.accept(steady.signed(3))), code(agreeing.accept(steady.signed(4)))]).toEqual(['ok', 'ok']);
  });
});
