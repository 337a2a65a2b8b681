import fc from 'fast-check';
import { Rig } from '../../testing/machine.js';
import { seeded } from '../../testing/seed.js';
import type { Input } from './input.js';

/** Rule 7: whatever comes at the same moment, in whatever order, the same block is decided, once, and nothing of its height follows. */
type Events = (rig: Rig) => Input[];

const precommits: Events = (r) => [1, 2, 3].map((i) => r.precommit(i, 0, 'A'));
const SETS: [string, Events][] = [
  ['votes, block and the timer that ends the round', (r) => [r.proposal(0, 'A'), r.prevote(2, 0, 'A'), ...precommits(r), r.timeout('precommit', 0)]],
  ['a polka, a commit, and timers of every kind', (r) => [
    r.proposal(0, 'A'), { type: 'certificate', certificate: r.certificate('prevote', 0, 'A', [1, 2, 3]) }, { type: 'certificate', certificate: r.certificate('precommit', 0, 'A', [1, 2, 3]) },
    r.timeout('propose', 0), r.timeout('prevote', 0), r.timeout('precommit', 0),
  ]],
  ['a decided block of a peer between votes', (r) => [
    r.proposal(0, 'A'), ...precommits(r), { type: 'syncedBlock', block: r.block('A'), certificate: r.certificate('precommit', 0, 'A', [1, 2, 3]), outcome: r.outcome }, r.timeout('rebroadcast', 0),
  ]],
  ['others are in the next round, and propose another block there', (r) => [r.proposal(0, 'A'), r.proposal(1, 'B'), r.prevote(1, 1, 'B'), r.prevote(2, 1, 'B'), { type: 'certificate', certificate: r.certificate('precommit', 0, 'A', [1, 2, 3]) }, r.timeout('precommit', 0)]],
  ['a validator that says two things', (r) => [r.proposal(0, 'A'), r.precommit(1, 0, 'nil'), ...precommits(r), r.precommit(3, 0, 'B'), { type: 'certificate', certificate: r.certificate('precommit', 0, 'A', [1, 2, 3]) }]],
  ['decided in a later round by votes of this and that', (r) => [r.proposal(0, 'A'), r.precommit(1, 2, 'A'), r.precommit(2, 2, 'A'), r.precommit(3, 2, 'A'), r.prevote(1, 2, 'A'), r.timeout('propose', 0)]],
];

function permutations<T>(all: readonly T[]): T[][] {
  return all.length <= 1 ? [[...all]] : all.flatMap((one, i) => permutations([...all.slice(0, i), ...all.slice(i + 1)]).map((rest) => [one, ...rest]));
}

/** The events of a set, made once: they do not depend on the node that hears them. */
const inputsOf = (events: Events): Input[] => events(new Rig());

function checkEnd(rig: Rig, said: readonly string[]): void {
  const decided = said.filter((one) => one.startsWith('decide'));
  expect([rig.state.context.height, rig.state.halted, decided.length]).toEqual([2n, false, 1]);
  expect(rig.nameOf(rig.state.context.prevHash)).toBe('A');
  // Evidence is of no height; a requested block, votes and timers of the height that is over are.
  const after = said.slice(said.indexOf(decided[0] ?? '') + 1);
  expect(after.filter((one) => !['timer minInterval 0', 'timer pace 0', 'evidence', 'tell evidence'].includes(one))).toEqual([]);
}

it.each(SETS)('every order: %s', (_name, events) => {
  const inputs = inputsOf(events);
  const orders = permutations(inputs);
  for (const order of orders) {
    const rig = new Rig();
    for (const name of ['A', 'B']) rig.block(name);
    checkEnd(rig, [...rig.start(), ...rig.run(...order)]);
  }
  expect(orders.length).toBeGreaterThanOrEqual(720);
});

it.each(SETS)('any order, with answers of disk and execution in between: %s', (_name, events) => {
  const inputs = inputsOf(events);
  fc.assert(fc.property(fc.shuffledSubarray(inputs, { minLength: inputs.length }), fc.infiniteStream(fc.nat()), (order, choices) => {
    const rig = new Rig();
    for (const name of ['A', 'B']) rig.block(name);
    const waiting: Input[] = [];
    const said: string[] = [];
    const feed = (input: Input): void => {
      for (const effect of rig.feed(input)) {
        said.push(...rig.describe(effect));
        const answer = rig.answer(effect);
        if (answer !== null) waiting.push(answer);
      }
    };
    feed({ type: 'start', records: [], maySign: true });
    const left = [...order];
    while (left.length + waiting.length > 0) {
      const choice = (choices.next().value ?? 0) % (left.length + waiting.length);
      const [input] = choice < left.length ? left.splice(0, 1) : waiting.splice(choice - left.length, 1);
      if (input !== undefined) feed(input);
    }
    checkEnd(rig, said);
  }), seeded(300));
});
