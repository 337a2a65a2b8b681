import { publicKeyOf, toHex, ValidatorSet, type Bytes, type TimerId, type TimerKind } from '#ledger';
import { roundDelayMs } from './round-delay.js';

/** Equal power: 1, 2, 3, 0 propose in rounds 0 to 3 of height 1. */
const SET = new ValidatorSet([1, 2, 3, 4].map((seed) => ({ publicKey: publicKeyOf(new Uint8Array(32).fill(seed)), power: 1n })));
const key = (number: number): Bytes => SET.at(number)?.publicKey as Bytes;
const hex = (number: number): string => toHex(key(number));
const timer = (kind: TimerKind, round: number): TimerId => ({ kind, height: 1n, round });
const wait = (which: TimerId, up: readonly number[]): number => roundDelayMs(which, 3000, SET, key(0), (one) => up.map(hex).includes(one));

test.each<[string, TimerId, number[], number]>([
  ['the proposer is there', timer('propose', 0), [1, 2, 3], 3000],
  ['the proposer is away', timer('propose', 0), [2, 3], 100],
  ['so is that of the next round', timer('propose', 1), [3], 100],
  ['votes of such a round are not waited for either', timer('prevote', 0), [2, 3], 100],
  ['nor its precommits', timer('precommit', 0), [2, 3], 100],
  ['somebody else is away', timer('propose', 0), [1], 3000],
  ['we propose ourselves', timer('propose', 3), [], 3000],
  ['all have had their turn: the full delay', timer('propose', 4), [2, 3], 3000],
  ['pace is none of a round', timer('pace', 0), [], 3000],
  ['nor is sending again', timer('rebroadcast', 0), [], 3000],
])('%s', (_, which, up, expected) => expect(wait(which, up)).toBe(expected));

test('a delay that is shorter already stays', () => expect(roundDelayMs(timer('propose', 0), 20, SET, key(0), () => false)).toBe(20));
