import { Net, type Hears } from '../../testing/net.js';
import type { Message } from './effect.js';

/**
 * The two schedules by which IBFT 1 never decides again (arXiv 1901.07160, section 7.1): nodes lock on different blocks, one of
 * them dies, and nobody ever unlocks. Here a lock needs more than two thirds, a newer polka unlocks, and polkas are sent again.
 */
const equal = (n: number): bigint[] => Array<bigint>(n).fill(1n);
const roundOf = (message: Message): number => (message.type === 'proposal' ? message.proposal.round : message.type === 'vote' ? message.vote.round : -1);
const isPrevote = (message: Message): boolean => message.type === 'vote' && message.vote.kind === 'prevote';
const locks = (net: Net): (string | null)[] => net.alive.map((i) => {
  const { lockedHash, lockedRound } = net.node(i).state;
  return lockedHash === null ? null : `${lockedRound}`;
});

/** Who hears whom in a round, as published; their node k is ours k + 1, so that the proposers are the same. */
type Routing = Record<number, Record<number, readonly number[]>>;
const published = (n: number, routing: Routing): Hears => (from, to, message) => {
  const wires = routing[roundOf(message)];
  if (message.type === 'vote' && message.vote.kind === 'precommit') return false;
  const theirs = (ours: number): number => (ours + n - 1) % n;
  return wires?.[theirs(from)]?.includes(theirs(to)) ?? false;
};

describe('as published', () => {
  it('five nodes: two lock on one block, two on another, the fifth dies', () => {
    const net = new Net(equal(5));
    const hears = published(5, {
      0: { 0: [3, 4], 3: [0, 3, 4], 4: [3, 4] },
      1: { 0: [0, 2, 3, 4], 1: [0, 2, 3, 4], 2: [0, 1, 2, 3, 4], 3: [0, 1, 2, 3, 4], 4: [0, 1, 2, 3, 4] },
    });
    for (let i = 0; i < 3; i++) net.pass(hears);
    expect(locks(net)).toEqual([null, null, null, null, null]);
    net.kill(2);
    expect(net.heal(10)).toBeLessThanOrEqual(10);
  });

  it('six nodes: three groups lock on three blocks, one of them dies', () => {
    const net = new Net(equal(6));
    const hears = published(6, {
      0: { 0: [1, 3, 4], 3: [1, 3, 4], 4: [1, 4] },
      2: { 0: [5, 2, 4], 1: [5, 0], 2: [5, 3], 3: [5], 4: [5] },
      3: { 3: [0, 2, 3, 4], 0: [0, 3, 4], 2: [0, 1, 3, 4] },
    });
    for (let i = 0; i < 5; i++) net.pass(hears);
    expect(locks(net)).toEqual([null, null, null, null, null, null]);
    net.kill(3);
    expect(net.heal(10)).toBeLessThanOrEqual(10);
  });
});

/**
 * As bad as it can get with our quorums: in a round all but `nil` prevote the block; only `seer` hears that of everybody and locks,
 * the others miss the seer's; nobody hears a certificate, so that the next proposer knows nothing of the lock.
 */
function lockOne(net: Net, seer: number, nil: number, round: number): void {
  const hears: Hears = (from, to, message) => {
    if (message.type === 'certificate' || message.type === 'skipProof' || roundOf(message) < round) return false;
    if (message.type === 'proposal') return to !== nil;
    return !(isPrevote(message) && from === seer && roundOf(message) === round);
  };
  net.deliver(hears);
  net.expire('propose');
  net.deliver(hears);
  net.expire('prevote');
  net.deliver(hears);
  net.expire('precommit');
}

describe('as bad as it can get under our quorums', () => {
  it('five nodes: one is locked on the block of round 0, one on that of round 1, and one whose votes made both polkas dies', () => {
    const net = new Net(equal(5));
    lockOne(net, 3, 0, 0);
    expect(locks(net)).toEqual([null, null, null, '0', null]);
    expect(net.alive.map((i) => net.node(i).state.round)).toEqual([1, 1, 1, 1, 1]);
    lockOne(net, 0, 3, 1);
    expect(locks(net)).toEqual(['1', null, null, '0', null]);
    const [older, newer] = [net.node(3).state.lockedHash, net.node(0).state.lockedHash];
    expect(older).not.toEqual(newer);
    net.kill(4);
    expect(net.heal(10)).toBeLessThanOrEqual(10);
    expect(net.decided).toEqual(newer);
  });

  it('six nodes: the same, and again as soon as they are connected', () => {
    const net = new Net(equal(6));
    lockOne(net, 4, 0, 0);
    lockOne(net, 0, 4, 1);
    expect(locks(net)).toEqual(['1', null, null, null, '0', null]);
    const newer = net.node(0).state.lockedHash;
    // With two locks apart, no third block can get five of six prevotes.
    lockOne(net, 1, 2, 2);
    expect(net.node(1).state.lockedHash).toBeNull();
    net.kill(5);
    expect(net.heal(10)).toBeLessThanOrEqual(10);
    expect(net.decided).toEqual(newer);
  });
});
