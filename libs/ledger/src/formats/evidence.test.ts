import { EVIDENCE, GENESIS_HASH, hashOf, KEYS, PROPOSAL } from '../../testing/samples.js';
import { sign, verify, type KeyPair } from '../crypto/ed25519.js';
import { LedgerError, type Bytes } from '../encoding/index.js';
import { decodeEvidence, encodeEvidence, evidencePlace, makeEvidence, verifyEvidence, type SignedMessage } from './evidence.js';
import { proposalSignBytes } from './proposal.js';
import { voteSignBytes, type VoteContent } from './vote.js';

const key = KEYS[1] as KeyPair;
const signed = (signBytes: Bytes): SignedMessage => ({ signBytes, signature: sign(key.privateKey, signBytes) });
const vote = (change: Partial<VoteContent>, genesisHash = GENESIS_HASH) =>
  signed(voteSignBytes(genesisHash, { kind: 'precommit', height: 5n, round: 1, blockHash: hashOf('a'), ...change }));
const proposal = (polRound: number, blockHash: Bytes) => signed(proposalSignBytes(GENESIS_HASH, { ...PROPOSAL, polRound, blockHash }));

it('two votes for different blocks, or a block and nil, or two proposals, prove equivocation in either order', () => {
  for (const [one, other] of [
    [vote({}), vote({ blockHash: hashOf('b') })],
    [vote({ blockHash: null }), vote({})],
    [proposal(-1, hashOf('a')), proposal(-1, hashOf('b'))],
    [proposal(-1, hashOf('a')), proposal(0, hashOf('a'))],
  ] as [SignedMessage, SignedMessage][]) {
    const evidence = makeEvidence(key.publicKey, one, other);
    expect(evidence).toEqual(makeEvidence(key.publicKey, other, one));
    expect(verifyEvidence(decodeEvidence(encodeEvidence(evidence)), GENESIS_HASH, verify)).toEqual({ ok: true });
  }
});

it('says where', () => expect(evidencePlace(EVIDENCE)).toEqual({ height: 1n, round: 4 }));

it.each([
  ['the same vote twice', vote({}), vote({})],
  ['another height', vote({}), vote({ height: 6n, blockHash: hashOf('b') })],
  ['another round', vote({}), vote({ round: 2, blockHash: hashOf('b') })],
  ['another kind', vote({}), vote({ kind: 'prevote', blockHash: hashOf('b') })],
  ['another chain', vote({}), vote({ blockHash: hashOf('b') }, hashOf('chain'))],
  ['a vote and a proposal', vote({}), proposal(-1, hashOf('a'))],
  ['something else that the key signed', vote({}), signed(new Uint8Array(78).fill(0x11))],
])('frames nobody: %s', (_name, one, other) => {
  expect(() => makeEvidence(key.publicKey, one, other)).toThrow(expect.objectContaining({ code: 'badEvidence' }) as Error);
});

it('refuses the wrong key, a bad signature, and a foreign chain', () => {
  const good = makeEvidence(key.publicKey, vote({}), vote({ blockHash: hashOf('b') }));
  expect(verifyEvidence({ ...good, publicKey: (KEYS[0] as KeyPair).publicKey }, GENESIS_HASH, verify)).toEqual({ ok: false, code: 'badSignature' });
  expect(verifyEvidence({ ...good, b: { ...good.b, signature: good.a.signature } }, GENESIS_HASH, verify)).toEqual({ ok: false, code: 'badSignature' });
  expect(verifyEvidence(good, hashOf('chain'), verify)).toEqual({ ok: false, code: 'otherChain' });
  expect(verifyEvidence({ ...good, a: good.b, b: good.a }, GENESIS_HASH, verify)).toEqual({ ok: false, code: 'noConflict' });
});

it('has one encoding: the messages in the other order are refused', () => {
  expect(() => encodeEvidence({ ...EVIDENCE, a: EVIDENCE.b, b: EVIDENCE.a })).toThrow(LedgerError);
});
