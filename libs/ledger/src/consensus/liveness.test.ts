import { PARAMS, Rig, validatorsOf } from '../../testing/machine.js';
import type { Input } from './input.js';
import { proposerIndex } from './proposer.js';

describe('rule 13: what a laggard needs is sent again', () => {
  /** Node 0 has entered round 1 with precommits of 0, 1 and the last, which then died; it has not voted there yet. */
  function ahead(options: { powers: bigint[]; model: 'BFT' | 'CFT' }, voters: number[]): Rig {
    const rig = new Rig({ ...options, self: 0 });
    rig.start();
    rig.run(rig.timeout('propose'), ...voters.map((i) => rig.prevote(i, 0, 'nil')), ...voters.map((i) => rig.precommit(i, 0, 'nil')), rig.timeout('precommit', 0));
    expect([rig.state.round, rig.state.step]).toEqual([1, 'propose']);
    rig.sent.length = 0;
    rig.run(rig.timeout('rebroadcast'));
    return rig;
  }

  it('the schedule of n = 4, BFT: one is ahead, one dead, two are behind without the dead one’s precommit', () => {
    const options = { powers: [1n, 1n, 1n, 1n], model: 'BFT' as const };
    const first = ahead(options, [1, 3]);
    const behind = new Rig({ ...options, self: 2 });
    behind.start();
    behind.run(behind.timeout('propose'), behind.prevote(0, 0, 'nil'), behind.prevote(1, 0, 'nil'));
    expect(behind.hear(first.sent.filter((message) => message.type === 'vote'))).toEqual([]);
    expect(behind.hear(first.sent)).toEqual(['timer precommit 0']);
    behind.run(behind.timeout('precommit', 0));
    expect(behind.state.round).toBe(1);
  });

  it('the schedule of n = 3, CFT: one is ahead, one dead, one behind', () => {
    const options = { powers: [1n, 1n, 1n], model: 'CFT' as const };
    const first = ahead(options, [2]);
    const behind = new Rig({ ...options, self: 1 });
    behind.start();
    behind.run(behind.timeout('propose'), behind.timeout('prevote'));
    behind.hear(first.sent);
    behind.run(behind.timeout('precommit', 0));
    expect(behind.state.round).toBe(1);
  });

  it('the proof survives a crash of the node that is ahead', () => {
    const options = { powers: [1n, 1n, 1n, 1n], model: 'BFT' as const };
    const first = ahead(options, [1, 3]);
    first.run(first.timeout('propose', 1));
    const again = new Rig({ ...options, self: 0, records: first.records });
    expect(again.start()).toContain('proof 3');
  });

  it('own latest votes, the newest polka, and a commit whose block is missing; again and again, ever slower', () => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.proposal(0, 'A'), rig.prevote(1, 0, 'A'), rig.prevote(2, 0, 'A'));
    expect(rig.run(rig.timeout('rebroadcast'))).toEqual(['prevote A', 'precommit A', 'polka A 0']);
    rig.run(...[1, 2, 3].map((i) => rig.precommit(i, 0, 'B')));
    expect(rig.run(rig.timeout('rebroadcast'))).toEqual(['prevote A', 'precommit A', 'polka A 0', 'commit B 0', 'sync']);
    const delays = [1, 2, 3].map(() => rig.feed(rig.timeout('rebroadcast')).flatMap((effect) => (effect.type === 'setTimer' ? [effect.delayMs] : [])));
    expect(delays).toEqual([[4000], [4000], [4000]]);
  });

  it.each([[60, 60], [61, 60], [2_000_000, 60]])('timeouts of round %i are %i steps longer than those of round 0, each of its own kind', (round, steps) => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.prevote(1, round, 'nil'), rig.prevote(2, round, 'A'));
    rig.run(rig.timeout('propose'), rig.precommit(1, round, 'nil'), rig.precommit(2, round, 'A'), rig.precommit(3, round, 'B'));
    const grown = steps * PARAMS.timeoutDeltaMs;
    expect((['propose', 'prevote', 'precommit'] as const).map((kind) => rig.timers.get(kind)?.delayMs)).toEqual([PARAMS.proposeTimeoutMs + grown, PARAMS.prevoteTimeoutMs + grown, PARAMS.precommitTimeoutMs + grown]);
  });

  it('timeouts grow with the round', () => {
    const rig = new Rig();
    const delays = [rig.feed({ type: 'start', records: [], maySign: true }), rig.feed(rig.prevote(1, 9, 'nil')), rig.feed(rig.prevote(2, 9, 'nil'))]
      .flat().flatMap((effect) => (effect.type === 'setTimer' && effect.timer.kind === 'propose' ? [effect.delayMs] : []));
    expect(delays).toEqual([PARAMS.proposeTimeoutMs, PARAMS.proposeTimeoutMs + 9 * PARAMS.timeoutDeltaMs]);
  });
});

describe('one validator', () => {
  it('decides alone and at once, again and again', () => {
    const rig = new Rig({ powers: [1n] });
    expect(rig.start()).toEqual(['timer propose 0', 'propose new -1', 'prevote new', 'precommit new', 'decide new 0', 'timer minInterval 0', 'timer pace 0']);
    expect(rig.state.context.height).toBe(2n);
  });

  it('that died before the decision was durable decides the same again', () => {
    const rig = new Rig({ powers: [1n] });
    rig.start();
    const again = new Rig({ powers: [1n], records: rig.records });
    again.block('new');
    expect(again.start()).toContain('decide new 0');
    expect(again.records).toEqual([]);
  });
});

it('an observer follows and signs nothing', () => {
  const rig = new Rig({ self: null });
  rig.start();
  const said = rig.run(rig.proposal(0, 'A'), ...[0, 1, 2].map((i) => rig.prevote(i, 0, 'A')), ...[0, 1, 2].map((i) => rig.precommit(i, 0, 'A')));
  expect(said).toContain('decide A 0');
  expect(rig.sent).toEqual([]);
  expect(rig.records).toEqual([]);
});

describe('rule 14: blocks that others decided', () => {
  const synced = (rig: Rig, change: Partial<Extract<Input, { type: 'syncedBlock' }>> = {}): Input => ({
    type: 'syncedBlock', block: rig.block('A'), certificate: rig.certificate('precommit', 0, 'A', [1, 2, 3]), outcome: rig.outcome, ...change,
  });

  it.each<[string, (rig: Rig) => Input, string[]]>([
    ['decides', (r) => synced(r), ['decide A 0', 'timer minInterval 0', 'timer pace 0']],
    ['too few signatures: nothing', (r) => synced(r, { certificate: r.certificate('precommit', 0, 'A', [1, 2]) }), []],
    ['prevotes: nothing', (r) => synced(r, { certificate: r.certificate('prevote', 0, 'A', [1, 2, 3]) }), []],
    ['a certificate of another block: nothing', (r) => synced(r, { certificate: r.certificate('precommit', 0, 'B', [1, 2, 3]) }), []],
    ['a forged body: nothing', (r) => synced(r, { block: { ...r.block('A'), transactions: [] } }), []],
    ['does something else here: halt', (r) => synced(r, { outcome: { ...r.outcome, stateRoot: new Uint8Array(32).fill(7) } }), ['halt']],
  ])('%s', (_name, input, expected) => {
    const rig = new Rig();
    rig.start();
    expect(rig.run(input(rig))).toEqual(expected);
  });
});

describe('rule 15: pace', () => {
  const at2 = (emptyBlocks: number): Rig => new Rig({ context: { height: 2n, emptyBlocks } });
  const pace = (rig: Rig): number[] => rig.feed({ type: 'start', records: [], maySign: true }).flatMap((effect) => (effect.type === 'setTimer' && effect.timer.kind === 'pace' ? [effect.delayMs] : []));

  it('height 1 at once', () => expect(new Rig({ self: 1 }).start()).toContain('propose new -1'));
  it('trailing blocks after one with transactions', () => expect([0, 5].map((empty) => pace(at2(empty)))).toEqual([[PARAMS.trailingIntervalMs], [PARAMS.trailingIntervalMs]]));
  it('then the heartbeat', () => expect(pace(at2(PARAMS.trailingBlocks))).toEqual([PARAMS.heartbeatIntervalMs]));

  it.each<[string, (rig: Rig) => Input[], boolean]>([
    ['nothing: waits', () => [], false],
    ['transactions before the least interval: waits', (r) => [{ type: 'transactionsAvailable', height: r.state.context.height }], false],
    ['the least interval without transactions: waits', (r) => [r.timeout('minInterval')], false],
    ['both: begins', (r) => [{ type: 'transactionsAvailable', height: r.state.context.height }, r.timeout('minInterval')], true],
    ['both, the other way round: begins', (r) => [r.timeout('minInterval'), { type: 'transactionsAvailable', height: r.state.context.height }], true],
    ['the pace timer: begins', (r) => [r.timeout('pace')], true],
    ['a vote of another validator: begins', (r) => [r.prevote(1, 0, 'nil')], true],
    ['a forged vote: waits', (r) => [{ type: 'vote', vote: { ...r.vote('prevote', 1, 0, 'nil'), signature: new Uint8Array(64) } }], false],
    ['a vote of another height: waits', (r) => [{ type: 'vote', vote: r.vote('prevote', 1, 0, 'nil', 1n) }], false],
  ])('%s', (_name, inputs, begins) => {
    const rig = at2(0);
    rig.start();
    expect(rig.run(...inputs(rig)).includes('timer propose 0')).toBe(begins);
  });
});

describe('bounds', () => {
  it('a flood of rounds leaves a window of rounds, and one vote for each validator beyond it', () => {
    const rig = new Rig();
    rig.start();
    for (let round = 0; round < 3000; round += 7) for (const from of [1, 2]) rig.run(rig.prevote(from, round, 'nil'));
    for (let round = 3000; round > 0; round -= 11) rig.run(rig.prevote(3, round, 'nil'));
    expect(rig.state.rounds.size).toBeLessThanOrEqual(37);
    expect(rig.state.ahead.size).toBeLessThanOrEqual(4);
  });

  it('no vote beyond the last round', () => {
    const rig = new Rig();
    rig.start();
    expect(rig.run(...[1, 2, 3].map((i) => rig.prevote(i, 0xffff_fffe, 'nil')))).toEqual([]);
  });
});

describe('rule 1: proposers', () => {
  it('equal power takes turns, also over the rounds of a height', () => {
    const set = validatorsOf([5n, 5n, 5n]);
    expect([0, 1, 2, 3].map((round) => proposerIndex(set, 7n, round))).toEqual([1, 2, 0, 1]);
  });

  it.each([[[1n, 2n, 3n, 10n]], [[1n, 1n, 1n, 97n]], [[3n, 5n]]])('powers %p propose exactly in proportion over one cycle', (powers) => {
    const set = validatorsOf(powers);
    const turns = powers.map(() => 0n);
    for (let height = 0n; height < set.total; height++) {
      const index = proposerIndex(set, height, 0);
      turns[index] = (turns[index] as bigint) + 1n;
    }
    expect(turns).toEqual(set.validators.map((validator) => validator.power));
  });

  it('large powers propose in proportion in the short run as well', () => {
    const set = validatorsOf([1_000_000n, 1_000_000n, 1_000_000n, 1n]);
    const turns = [0, 0, 0, 0];
    for (let height = 0n; height < 300n; height++) turns[proposerIndex(set, height, 0)]! += 1;
    const order = set.validators.map((validator) => validator.power);
    turns.forEach((count, i) => expect(Math.abs(count - (order[i] === 1n ? 0 : 100))).toBeLessThanOrEqual(3));
  });
});

describe('rule 10: evidence in blocks', () => {
  it('goes into the next own block, once, and is dropped when decided', () => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.prevote(1, 0, 'A'), rig.prevote(1, 0, 'B'), rig.prevote(1, 3, 'nil'), rig.precommit(2, 3, 'nil'));
    expect(rig.block('new').evidence).toHaveLength(1);
    expect(rig.sent.some((message) => message.type === 'vote' && message.vote.kind === 'prevote' && rig.nameOf(message.vote.blockHash) === 'new')).toBe(true);
    rig.run({ type: 'certificate', certificate: rig.certificate('precommit', 3, 'new', [1, 2, 3]) });
    expect([rig.state.context.height, rig.state.evidence.size]).toEqual([2n, 0]);
  });

  it('twice in one block, or of a stranger, makes the block invalid', () => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.prevote(1, 0, 'A'), rig.prevote(1, 0, 'B'));
    const [evidence] = [...rig.state.evidence.values()];
    if (evidence === undefined) throw new Error('no evidence');
    for (const list of [[evidence, evidence], [{ ...evidence, publicKey: new Uint8Array(32).fill(3) }]]) {
      const next = new Rig();
      next.start();
      next.block('E', list);
      expect(next.run(next.proposal(0, 'E'))).toEqual(['prevote nil']);
    }
  });
});
