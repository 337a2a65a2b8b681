import { Rig } from '../../testing/machine.js';
import type { Input } from './input.js';

/**
 * Rules 1, 3, 5: a block may be proposed again in any later round, with the polka of any round before. Seven equal validators; this
 * node is number 0 and proposes in round 6.
 */
const SEVEN = Array<bigint>(7).fill(1n);
const POLKA = [1, 2, 3, 4, 5];

/** Enough precommit nil there to bring this node along: their prevotes of that round are still free. */
const toRound = (rig: Rig, round: number): Input[] => (round === 0 ? [] : [4, 5, 6].map((i) => rig.precommit(i, round, 'nil')));

/** The round's proposer proposes it and a quorum prevotes it, so that this node locks it; −1 locks nothing. */
function lockOn(rig: Rig, name: string, round: number): void {
  if (round < 0) return;
  rig.run(...toRound(rig, round), rig.proposal(round, name), ...POLKA.map((i) => rig.prevote(i, round, name)));
  expect([rig.state.lockedRound, rig.nameOf(rig.state.lockedHash)]).toEqual([round, name]);
}

function again(rig: Rig, round: number, name: string, polRound: number): Input {
  return rig.proposal(round, name, polRound, { polka: rig.certificate('prevote', polRound, name, POLKA) });
}

const below = (round: number): number[] => Array.from({ length: round }, (_, i) => i);
const CASES = [1, 2, 3, 4, 5].flatMap((round) => below(round).flatMap((polRound) => [-1, ...below(round)].map((locked) => ({ round, polRound, locked }))));

function begin(): Rig {
  const rig = new Rig({ powers: SEVEN });
  rig.start();
  return rig;
}

describe('rule 3: proposed again in round r with the polka of an earlier one', () => {
  it.each(CASES)('r $round, polka of $polRound, locked on another block in $locked', ({ round, polRound, locked }) => {
    const rig = begin();
    lockOn(rig, 'B', locked);
    rig.run(...toRound(rig, round));
    // Where the polkas of two blocks are of one round, more than a third has lied: even then nobody who is locked there changes sides.
    const free = locked <= polRound;
    expect(rig.run(again(rig, round, 'A', polRound))).toContain(free ? 'prevote A' : 'prevote nil');
    expect(rig.nameOf(rig.state.lockedHash)).toBe(locked < 0 ? 'nil' : 'B');
  });

  it.each(CASES.filter(({ locked }) => locked >= 0))('r $round, polka of $polRound, locked on the same block in $locked: always', ({ round, polRound, locked }) => {
    const rig = begin();
    lockOn(rig, 'A', locked);
    rig.run(...toRound(rig, round));
    expect(rig.run(again(rig, round, 'A', polRound))).toContain('prevote A');
  });

  it.each(CASES.filter(({ polRound, locked }) => locked < polRound))('r $round, polka of $polRound, locked in $locked: its own polka locks it anew', ({ round, polRound, locked }) => {
    const rig = begin();
    lockOn(rig, 'B', locked);
    rig.run(...toRound(rig, round), again(rig, round, 'A', polRound));
    expect(rig.run(...POLKA.map((i) => rig.prevote(i, round, 'A')))).toContain('precommit A');
    expect([rig.nameOf(rig.state.lockedHash), rig.state.lockedRound]).toEqual(['A', round]);
  });
});

describe('rule 1: this node proposes again', () => {
  it.each(below(6))('what got its polka in round %i, with that polka', (valid) => {
    const rig = begin();
    lockOn(rig, 'A', valid);
    expect(rig.run(...toRound(rig, 6))).toContain(`propose A ${valid}`);
  });

  it.each(below(5).flatMap((older) => below(6).filter((newer) => newer > older).map((newer) => [older, newer])))('of polkas of rounds %i and %i the newer, in whatever order they come', (older, newer) => {
    for (const order of [[older, newer], [newer, older]]) {
      const rig = begin();
      rig.run(rig.proposal(0, 'A'), ...toRound(rig, 1), rig.proposal(1, 'B'), ...toRound(rig, 5));
      for (const round of order) rig.run({ type: 'certificate', certificate: rig.certificate('prevote', round, round === newer ? 'B' : 'A', POLKA) });
      expect(rig.run(...toRound(rig, 6))).toContain(`propose B ${newer}`);
    }
  });
});
