import { GENESIS_HASH, Rig, toySign, validatorsOf } from '../../testing/machine.js';
import type { Evidence } from '../formats/evidence.js';
import { makeEvidence } from '../formats/evidence.js';
import { voteSignBytes } from '../formats/vote.js';
import { MAX_EVIDENCE_AGE_HEIGHTS, MAX_EVIDENCE_OF_VALIDATOR, MAX_EVIDENCE_PER_BLOCK, MAX_EVIDENCE_WAITING } from './bounds.js';
import { accusedAfter, evidenceKey, NOBODY_ACCUSED } from './equivocation.js';
import type { Input } from './input.js';
import type { HeightContext } from './state.js';

const FOUR = validatorsOf([1n, 1n, 1n, 1n]);
const FIVE = validatorsOf([1n, 1n, 1n, 1n, 1n]);
/** Index in FIVE of who is not in FOUR. */
const STRANGER = FIVE.validators.findIndex(({ publicKey }) => FOUR.indexOf(publicKey) < 0);
const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n);

/** Validator `from` of a set signed two prevotes. */
function proof(from = 3, height = 1n, round = 0, set = FOUR, genesis = GENESIS_HASH): Evidence {
  const publicKey = set.at(from)?.publicKey ?? hash(9);
  const signed = (blockHash: Uint8Array | null): Evidence['a'] => {
    const signBytes = voteSignBytes(genesis, { kind: 'prevote', height, round, blockHash });
    return { signBytes, signature: toySign(publicKey, signBytes) };
  };
  return makeEvidence(publicKey, signed(null), signed(hash(7)));
}

const gossip = (evidence: Evidence): Input => ({ type: 'evidence', evidence });

/** A node that begins above blocks of others. */
function at(height: bigint, context: Partial<HeightContext> = {}): Rig {
  const prevCommit = { kind: 'precommit' as const, height: height - 1n, round: 0, blockHash: GENESIS_HASH, signatures: [] };
  const rig = new Rig({ context: { height, prevCommit, prevValidators: FOUR, ...context } });
  rig.start();
  return rig;
}

describe('rule 10: evidence from peers', () => {
  it('is kept, told to all others once, and stands in the next own block', () => {
    const rig = new Rig({ self: 0 });
    rig.start();
    expect(rig.run(gossip(proof()), gossip(proof()))).toEqual(['evidence', 'tell evidence']);
    rig.run(rig.prevote(1, 3, 'nil'), rig.precommit(2, 3, 'nil'));
    expect(rig.block('new').evidence).toEqual([proof()]);
  });

  it('and what this node saw itself is one equivocation, whatever proves it', () => {
    const rig = new Rig();
    rig.start();
    rig.run(gossip(proof(1)));
    expect(rig.run(rig.prevote(1, 0, 'A'), rig.prevote(1, 0, 'B'))).toEqual([]);
  });

  const good = proof();
  it.each<[string, Evidence]>([
    ['a signature that does not hold', { ...good, b: { ...good.b, signature: new Uint8Array(64) } }],
    ['another chain', proof(3, 1n, 0, FOUR, hash(5))],
    ['no validator', proof(STRANGER, 1n, 0, FIVE)],
    ['somebody else who is framed', { ...good, publicKey: FOUR.at(0)?.publicKey ?? hash(9) }],
    ['two equal messages', { ...good, b: good.a }],
    ['bytes that are no messages', { ...good, a: { ...good.a, signBytes: new Uint8Array(3) } }],
    ['a later height than this node is at', proof(3, 2n)],
  ])('%s: nothing', (_name, evidence) => {
    const rig = new Rig();
    rig.start();
    expect([rig.run(gossip(evidence)), rig.state.evidence.size]).toEqual([[], 0]);
  });

  it('is bounded for each validator and in all, before any signature is checked', () => {
    const rig = new Rig({ powers: Array<bigint>(20).fill(1n) });
    rig.start();
    for (let from = 0; from < 20; from++) for (let round = 0; round < 9; round++) rig.run(gossip(proof(from, 1n, round, rig.validators)));
    const waiting = [...rig.state.evidence.values()];
    expect(waiting).toHaveLength(MAX_EVIDENCE_WAITING);
    for (const { publicKey } of rig.validators.validators) expect(waiting.filter((one) => one.publicKey === publicKey).length).toBeLessThanOrEqual(MAX_EVIDENCE_OF_VALIDATOR);
  });

  it('is sent again on the rebroadcast timer, as much as a block holds', () => {
    const rig = new Rig({ powers: Array<bigint>(20).fill(1n) });
    rig.start();
    for (let from = 0; from < 20; from++) rig.run(gossip(proof(from, 1n, 0, rig.validators)));
    expect(rig.run(rig.timeout('rebroadcast')).filter((said) => said === 'tell evidence')).toHaveLength(MAX_EVIDENCE_PER_BLOCK);
    expect(rig.run(rig.timeout('propose'))).not.toContain('tell evidence');
  });
});

describe('rule 10: evidence in blocks', () => {
  const accused = (evidence: Evidence, height: bigint): HeightContext['accused'] => ({ from: 1n, heights: new Map([[evidenceKey(evidence), height]]) });

  it('stands in one block only: a new proposal that repeats it gets nil, from a peer it is nothing', () => {
    const rig = at(9n, { accused: accused(proof(3, 5n), 6n) });
    rig.block('R', [proof(3, 5n)]);
    rig.block('S', [proof(3, 5n, 1)]);
    expect(rig.run(gossip(proof(3, 5n)), rig.timeout('pace'), rig.proposal(0, 'R'))).toContain('prevote nil');
    expect(rig.state.evidence.size).toBe(0);
    const other = at(9n, { accused: accused(proof(3, 5n), 6n) });
    other.block('S', [proof(3, 5n, 1)]);
    expect(other.run(other.timeout('pace'), other.proposal(0, 'S'))).toContain('prevote S');
  });

  it('a repetition that a quorum decided all the same is decided here: it is no part of validity', () => {
    const rig = at(9n, { accused: accused(proof(3, 5n), 6n) });
    const block = rig.block('R', [proof(3, 5n)]);
    expect(rig.run({ type: 'syncedBlock', block, certificate: rig.certificate('precommit', 0, 'R', [1, 2, 3]), outcome: rig.outcome })).toContain('decide R 0');
  });

  const LATE = 1n + MAX_EVIDENCE_AGE_HEIGHTS;
  it.each<[string, bigint, Evidence, boolean]>([
    ['of this height', 9n, proof(3, 9n), true],
    ['of the height below', 9n, proof(3, 8n), true],
    ['of a later height', 9n, proof(3, 10n), false],
    ['as old as may be', LATE, proof(3, 1n), true],
    ['too old', LATE + 1n, proof(3, 1n), false],
  ])('%s', (_name, height, evidence, holds) => {
    const rig = at(height);
    rig.block('E', [evidence]);
    expect(rig.run(rig.timeout('pace'), rig.proposal(0, 'E'))).toContain(holds ? 'prevote E' : 'prevote nil');
    expect(at(height).run(gossip(evidence)).length > 0).toBe(holds);
  });

  it('of heights whose blocks this node does not know is not taken, but in the blocks of others it holds', () => {
    const rig = at(9n, { accused: { from: 7n, heights: new Map() } });
    rig.block('E', [proof(3, 5n)]);
    expect(rig.run(gossip(proof(3, 5n)))).toEqual([]);
    expect(rig.run(gossip(proof(3, 7n)))).toEqual(['evidence', 'tell evidence']);
    expect(rig.run(rig.timeout('pace'), rig.proposal(0, 'E'))).toContain('prevote E');
  });

  it('against who has left the validators, and against whom a block holds it, is let go when a height begins', () => {
    const one = validatorsOf([1n]);
    const outsider = FOUR.validators.findIndex(({ publicKey }) => one.indexOf(publicKey) < 0);
    const member = FOUR.indexOf(one.at(0)?.publicKey ?? hash(9));
    const prevCommit = { kind: 'precommit' as const, height: 8n, round: 0, blockHash: GENESIS_HASH, signatures: [] };
    const rig = new Rig({ powers: [1n], context: { height: 9n, prevCommit, prevValidators: FOUR } });
    rig.start();
    rig.run(gossip(proof(outsider, 8n)), gossip(proof(member, 8n)), gossip(proof(member, 7n)));
    expect(rig.state.evidence.size).toBe(3);
    const block = rig.block('E', [proof(member, 8n)]);
    rig.run({ type: 'syncedBlock', block, certificate: rig.certificate('precommit', 0, 'E', [0]), outcome: rig.outcome });
    expect([...rig.state.evidence.values()]).toEqual([proof(member, 7n)]);
    expect([...rig.state.context.accused.heights]).toEqual([[evidenceKey(proof(member, 8n)), 9n]]);
  });

  it('is remembered as long as it may stand in a block', () => {
    const rig = new Rig();
    const block = (height: bigint, ...evidence: Evidence[]): Parameters<typeof accusedAfter>[1] => ({ ...rig.block('A'), header: { ...rig.block('A').header, height }, evidence });
    const one = accusedAfter(NOBODY_ACCUSED, block(10n, proof(3, 10n)));
    expect(accusedAfter(one, block(11n))).toBe(one);
    const last = 10n + MAX_EVIDENCE_AGE_HEIGHTS;
    expect(accusedAfter(one, block(last - 1n, proof(2, 11n))).heights.size).toBe(2);
    expect([...accusedAfter(one, block(last, proof(2, 11n))).heights.keys()]).toEqual([evidenceKey(proof(2, 11n))]);
  });
});
