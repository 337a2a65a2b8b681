import { PARAMS, Rig, validatorsOf } from '../../testing/machine.js';
import { ZERO_HASH } from '../encoding/index.js';
import type { Certificate } from '../formats/certificate.js';
import type { Evidence } from '../formats/evidence.js';
import type { Header } from '../formats/header.js';
import { paramsHash, type Params } from '../formats/params.js';
import type { ValidatorSet } from '../formats/validators.js';

/** What makes a block valid: docs/spec/consensus.md. A proposal of a block that is not gets nil. */
const OTHER = new Uint8Array(32).fill(0x42);

/** A node at height 2, above block A, whose other validators' precommits are all known. */
function atHeight2(): { rig: Rig; commitOf: (signers: readonly number[]) => Certificate } {
  const rig = new Rig();
  rig.start();
  const certificates = new Map([[1, 2, 3], [0, 1, 2], [1, 2]].map((signers) => [signers.join(), rig.certificate('precommit', 0, 'A', signers)]));
  rig.run(rig.proposal(0, 'A'), { type: 'certificate', certificate: rig.certificate('precommit', 0, 'A', [1, 2, 3]) });
  expect(rig.state.context.height).toBe(2n);
  return { rig, commitOf: (signers) => certificates.get(signers.join()) as Certificate };
}

/** What the node prevotes for block B, proposed by the proposer of round 0. */
function prevoteOn(rig: Rig): string | undefined {
  rig.run(rig.proposal(0, 'B'));
  const votes = rig.sent.flatMap((message) => (message.type === 'vote' && message.vote.height === 2n ? [message.vote] : []));
  return votes.map((vote) => rig.nameOf(vote.blockHash)).at(-1);
}

describe('the header', () => {
  it('as it must be', () => {
    const { rig } = atHeight2();
    rig.block('B');
    expect(prevoteOn(rig)).toBe('B');
  });

  it.each<[string, (rig: Rig) => Partial<Header>]>([
    ['another chain', () => ({ genesisHash: OTHER })],
    ['another height', () => ({ height: 3n })],
    ['another parent', () => ({ prevHash: OTHER })],
    ['the time of the parent', (rig) => ({ timeMs: rig.state.context.prevTimeMs })],
    ['a proposer who is no validator', () => ({ proposer: validatorsOf([1n, 1n, 1n, 1n, 1n]).validators.find(({ publicKey }) => new Rig().validators.indexOf(publicKey) < 0)?.publicKey ?? OTHER })],
    ['other validators', () => ({ validatorsHash: OTHER })],
    ['other parameters', () => ({ paramsHash: paramsHash({ ...PARAMS, trailingBlocks: 99 }) })],
    ['another state', () => ({ stateRoot: OTHER })],
    ['other receipts', () => ({ receiptsRoot: OTHER })],
    ['other next validators', () => ({ nextValidatorsHash: OTHER })],
  ])('%s: nil', (_name, change) => {
    const { rig } = atHeight2();
    rig.block('B', [], change(rig));
    expect(prevoteOn(rig)).toBe('nil');
  });
});

describe('what a block brings for the next height', () => {
  const five = validatorsOf([1n, 1n, 1n, 1n, 1n]);
  it.each<[string, ValidatorSet, Partial<Params>, string]>([
    ['one validator more', five, {}, 'B'],
    ['three validators more', validatorsOf([1n, 1n, 1n, 1n, 1n, 1n, 1n]), {}, 'nil'],
    ['a third of the old power and more, on two of them', validatorsOf([2n, 2n, 1n, 1n]), {}, 'nil'],
    ['parameters under which a chain goes on', five, { trailingBlocks: 9 }, 'B'],
    ['parameters under which no chain makes blocks', five, { maxBlockBytes: 1 }, 'nil'],
  ])('%s', (_name, nextValidators, params, expected) => {
    const { rig } = atHeight2();
    rig.outcomes.set('B', { nextValidators, params: { ...PARAMS, ...params } });
    rig.block('B', [], { nextValidatorsHash: nextValidators.hash });
    expect(prevoteOn(rig)).toBe(expected);
  });

  it('a proposer does not propose what would be invalid', () => {
    const rig = new Rig({ self: 1 });
    const nextValidators = validatorsOf([1n, 1n, 1n, 1n, 1n, 1n]);
    rig.outcomes.set('new', { nextValidators });
    rig.block('new', [], { nextValidatorsHash: nextValidators.hash });
    expect(rig.start()).toEqual(['timer propose 0']);
  });

  it('a body larger than may be is no valid block, whoever certified it', () => {
    const { rig } = atHeight2();
    const name = 'x'.repeat(PARAMS.maxBlockBytes + 1);
    expect(rig.run({ type: 'syncedBlock', block: rig.block(name), certificate: rig.certificate('precommit', 0, name, [1, 2, 3]), outcome: rig.outcome })).toEqual(['halt']);
  });

  it('what a quorum certified all the same halts this node', () => {
    const { rig } = atHeight2();
    const nextValidators = validatorsOf([1n, 1n, 1n, 1n, 1n, 1n]);
    const block = rig.block('B', [], { nextValidatorsHash: nextValidators.hash });
    expect(rig.run({ type: 'syncedBlock', block, certificate: rig.certificate('precommit', 0, 'B', [1, 2, 3]), outcome: { ...rig.outcome, nextValidators } })).toEqual(['halt']);
  });
});

describe('the commit of the block below', () => {
  it.each<[string, (commitOf: (signers: readonly number[]) => Certificate) => Certificate | null, string]>([
    ['of another quorum', (commitOf) => commitOf([0, 1, 2]), 'B'],
    ['of too few', (commitOf) => commitOf([1, 2]), 'nil'],
    ['with a bad signature', (commitOf) => { const c = commitOf([0, 1, 2]); return { ...c, signatures: c.signatures.map((one, i) => (i === 1 ? { ...one, signature: new Uint8Array(64) } : one)) }; }, 'nil'],
    ['of another block', (commitOf) => ({ ...commitOf([0, 1, 2]), blockHash: OTHER }), 'nil'],
    ['of prevotes', (commitOf) => ({ ...commitOf([0, 1, 2]), kind: 'prevote' }), 'nil'],
    ['of another height', (commitOf) => ({ ...commitOf([0, 1, 2]), height: 2n }), 'nil'],
  ])('%s', (_name, change, expected) => {
    const { rig, commitOf } = atHeight2();
    rig.block('B', [], {}, change(commitOf));
    expect(prevoteOn(rig)).toBe(expected);
  });

  it('missing: as if no proposal had come', () => {
    const { rig } = atHeight2();
    rig.block('B', [], { prevCommitHash: ZERO_HASH }, null);
    expect(prevoteOn(rig)).toBeUndefined();
  });
});

describe('a proposal', () => {
  const begun = (): Rig => {
    const rig = new Rig();
    rig.start();
    return rig;
  };

  it('with its polka in its own round, or a later one: nothing', () => {
    const rig = begun();
    expect([0, 1].flatMap((polRound) => rig.run(rig.proposal(0, 'A', polRound)))).toEqual([]);
  });

  it('signed by a validator whose turn it is not: nothing', () => {
    const rig = begun();
    const turn = rig.proposal(1, 'A').proposal;
    expect(rig.run({ type: 'proposal', nowMs: 2000n, proposal: { ...turn, round: 0 } })).toEqual([]);
    expect(rig.state.rounds.get(0)?.proposal ?? null).toBeNull();
  });

  it('with the polka of another round than it says: nothing', () => {
    const rig = begun();
    rig.run(rig.prevote(1, 2, 'nil'), rig.precommit(2, 2, 'nil'));
    expect(rig.run(rig.proposal(2, 'A', 1, { polka: rig.certificate('prevote', 0, 'A', [1, 2, 3]) }))).toEqual([]);
  });
});

it('rule 15: empty blocks are counted from the last that held transactions', () => {
  const { rig } = atHeight2();
  expect(rig.state.context.emptyBlocks).toBe(0);
});

it('rule 12: a valid block whose body was in memory only gives way to the locked one', () => {
  const rig = new Rig();
  rig.start();
  rig.run(rig.proposal(0, 'A'), rig.prevote(1, 0, 'A'), rig.prevote(2, 0, 'A'), rig.prevote(1, 1, 'nil'), rig.precommit(2, 1, 'nil'), rig.timeout('propose', 1));
  const last = rig.records.at(-1);
  if (last === undefined) throw new Error('nothing was signed');
  const newer = { ...last, validRound: 1, validHash: rig.hash('B'), polka: rig.certificate('prevote', 1, 'B', [1, 2, 3]) };
  const again = new Rig({ records: [...rig.records.slice(0, -1), newer] });
  again.block('A');
  again.start();
  expect([again.nameOf(again.state.validHash), again.state.validRound, again.state.polka?.round, again.state.lockedRound]).toEqual(['A', 0, 0, 0]);
});

describe('evidence in a block', () => {
  it.each<[string, (evidence: Evidence) => Evidence, string]>([
    ['proven', (evidence) => evidence, 'E'],
    ['with a signature that does not hold', (evidence) => ({ ...evidence, b: { ...evidence.b, signature: new Uint8Array(64) } }), 'nil'],
  ])('%s', (_name, change, expected) => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.prevote(1, 0, 'A'), rig.prevote(1, 0, 'B'));
    const [evidence] = [...rig.state.evidence.values()];
    if (evidence === undefined) throw new Error('no evidence');
    rig.block('E', [change(evidence)]);
    expect(rig.run(rig.proposal(0, 'E'))).toEqual([`prevote ${expected}`]);
  });
});

describe('answers and timers', () => {
  it('rule 1: a built block that would not be valid here is not proposed', () => {
    const rig = new Rig({ self: 1 });
    rig.block('new', [], { stateRoot: OTHER });
    expect(rig.start()).toEqual(['timer propose 0']);
  });

  it('an execution that nobody asked for changes nothing', () => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.proposal(0, 'A'));
    rig.run({ type: 'executed', height: 1n, blockHash: rig.hash('A') ?? OTHER, outcome: null }, ...[1, 2, 3].map((i) => rig.precommit(i, 0, 'A')));
    expect(rig.state.context.height).toBe(2n);
  });

  it('a timer of another height is nothing', () => {
    const { rig } = atHeight2();
    expect(rig.run({ type: 'timeout', timer: { kind: 'pace', height: 1n, round: 0 } })).toEqual([]);
  });

  it('rule 9: the propose timer is nothing after the prevote', () => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.proposal(0, 'A'), rig.prevote(1, 0, 'A'), rig.prevote(2, 0, 'A'));
    rig.run(rig.timeout('propose'));
    expect(rig.state.step).toBe('precommit');
  });

  it('rule 13: the own proposal is sent again on the rebroadcast timer only', () => {
    const rig = new Rig({ self: 1 });
    rig.start();
    expect(rig.run(rig.timeout('rebroadcast'))).toContain('propose new -1');
    expect(rig.run(rig.timeout('propose'))).not.toContain('propose new -1');
  });
});
