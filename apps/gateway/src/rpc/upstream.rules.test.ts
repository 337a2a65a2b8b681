import { afterFailure, afterSuccess, AT_HEAD_SLACK_BLOCKS, newHealth, orderUpstreams, surelyReached, type UpstreamHealth } from './upstream.rules.js';

const NOW = 1_000_000;
const alive = (nodeId: string, ...heights: (number | null)[]): UpstreamHealth => (heights.length === 0 ? [100, 100] : heights).reduce<UpstreamHealth>((health, height) => afterSuccess(health, height), newHealth(nodeId));
const dead = (nodeId: string): UpstreamHealth => afterFailure(alive(nodeId), NOW);

describe('the order in which nodes are tried', () => {
  const cases: { describe: string; all: UpstreamHealth[]; turn?: number; preferred?: string; expected: string[] }[] = [
    { describe: 'no nodes: nothing to try', all: [], expected: [] },
    { describe: 'round robin starts at the turn', all: [alive('a'), alive('b'), alive('c')], turn: 4, expected: ['b', 'c', 'a'] },
    { describe: 'a preferred node leads', all: [alive('a'), alive('b'), alive('c')], preferred: 'c', expected: ['c', 'a', 'b'] },
    { describe: 'a dead node comes last, preferred or not', all: [dead('a'), alive('b')], preferred: 'a', expected: ['b', 'a'] },
    { describe: 'a node a moment late counts as at head', all: [alive('a', 0, 100 - AT_HEAD_SLACK_BLOCKS), alive('b')], expected: ['a', 'b'] },
    { describe: 'a node whose answer is of a moment before another’s counts as at head', all: [alive('a', 90, 100), alive('b', 95, 130)], expected: ['a', 'b'] },
    { describe: 'a node that catches up comes after', all: [alive('a', 90, 99 - AT_HEAD_SLACK_BLOCKS), alive('b'), dead('c')], preferred: 'a', expected: ['b', 'a', 'c'] },
    { describe: 'a node never probed may serve', all: [alive('a', null), alive('b')], expected: ['a', 'b'] },
    { describe: 'of four one that claims a head far above comes last, preferred or not', all: [alive('a', 1e15, 1e15), alive('b'), alive('c'), alive('d')], preferred: 'a', expected: ['b', 'c', 'd', 'a'] },
    { describe: 'of four one that is a little ahead makes no others late', all: [alive('a', 104, 104), alive('b'), alive('c'), alive('d')], expected: ['a', 'b', 'c', 'd'] },
    { describe: 'of four two that catch up come after', all: [alive('a', 10, 20), alive('b'), alive('c', 30, 40), alive('d')], expected: ['b', 'd', 'a', 'c'] },
    { describe: 'three cannot tell who lies, and follow the highest', all: [alive('a', 1e15, 1e15), alive('b'), alive('c')], expected: ['a', 'b', 'c'] },
    { describe: 'the height of a dead node does not make others late', all: [{ ...dead('a'), height: 900, heightBefore: 900 }, alive('b')], preferred: 'b', expected: ['b', 'a'] },
  ];
  it.each(cases)('$describe', ({ all, turn, preferred, expected }) => {
    expect(orderUpstreams(all, turn ?? 0, preferred ?? null, NOW)).toEqual(expected);
  });

  it.each<[string, UpstreamHealth[], number | null]>([
    ['three', [alive('a'), alive('b'), alive('c')], null],
    ['four, of which one is dead', [alive('a'), alive('b'), alive('c'), dead('d')], null],
    ['four, of which one was probed once', [alive('a'), alive('b'), alive('c'), alive('d', 100)], null],
    ['four, of which one lies', [alive('a', 1e15, 1e15), alive('b', 90, 91), alive('c', 80, 81), alive('d')], 100],
  ])('what the chain surely has reached: %s', (_name, all, expected) => expect(surelyReached(all)).toBe(expected));

  it('rests a failing node longer each time, up to a limit, and forgets it on success', () => {
    let health = newHealth('a');
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      health = afterFailure(health, NOW);
      pauses.push(health.downUntilMs - NOW);
    }
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
    expect(afterSuccess(health, 7)).toEqual({ nodeId: 'a', failures: 0, downUntilMs: 0, height: 7, heightBefore: null });
  });

  it('tries a rested node before one that still rests', () => {
    const rested = afterFailure(newHealth('a'), NOW - 10_000);
    expect(orderUpstreams([dead('b'), rested], 0, null, NOW)).toEqual(['a', 'b']);
  });
});
