import { PARAMS, Rig, type RigOptions } from '../../testing/machine.js';
import type { Input } from './input.js';

/**
 * The rules of docs/spec/consensus.md as tables. Four equal validators under BFT, this node is number 0 at height 1, so that
 * 1, 2, 3, 0 propose in rounds 0, 1, 2, 3. `given` has happened, `when` comes, `then` is all that the node does.
 */
interface Case {
  describe: string;
  options?: RigOptions;
  invalid?: string[];
  given?: (rig: Rig) => Input[];
  when: (rig: Rig) => Input[];
  then: string[];
}

/** Rounds in which this node precommitted A in round 0 and moved on to `round`. */
const lockedOnA = (rig: Rig): Input[] => [rig.proposal(0, 'A'), rig.prevote(1, 0, 'A'), rig.prevote(2, 0, 'A')];
const toRound1 = (rig: Rig): Input[] => [rig.precommit(1, 0, 'nil'), rig.precommit(2, 0, 'nil'), rig.timeout('precommit', 0)];
const toRound = (round: number) => (rig: Rig): Input[] => [rig.prevote(1, round, 'nil'), rig.precommit(2, round, 'nil')];

const CASES: Case[] = [
  { describe: 'rule 1: the proposer of a round proposes a new block', given: (r) => toRound(2)(r), when: (r) => toRound(3)(r), then: ['timer propose 3', 'propose new -1', 'prevote new'] },
  {
    describe: 'rule 1: a proposer with a valid block proposes it again with its polka',
    given: (r) => [...lockedOnA(r), ...toRound1(r)], when: (r) => toRound(3)(r), then: ['timer propose 3', 'propose A 0', 'prevote A'],
  },
  { describe: 'rule 1: the others start the propose timer', when: (r) => toRound(1)(r), then: ['timer propose 1'] },

  { describe: 'rule 2: a valid new proposal is prevoted', when: (r) => [r.proposal(0, 'A')], then: ['prevote A'] },
  { describe: 'rule 2: an invalid block gets nil', invalid: ['A'], when: (r) => [r.proposal(0, 'A')], then: ['prevote nil'] },
  { describe: 'rule 2: locked on another block, nil', given: (r) => [...lockedOnA(r), ...toRound1(r)], when: (r) => [r.proposal(1, 'B')], then: ['prevote nil'] },
  { describe: 'rule 2: locked on it, prevoted', given: (r) => [...lockedOnA(r), ...toRound1(r)], when: (r) => [r.proposal(1, 'A')], then: ['prevote A'] },
  { describe: 'rule 2: a time too far ahead gets nil', when: (r) => { r.block('A', [], { timeMs: 50_000n }); return [r.proposal(0, 'A')]; }, then: ['prevote nil'] },
  { describe: 'rule 2: a time not later than the parent gets nil', when: (r) => { r.block('A', [], { timeMs: 1000n }); return [r.proposal(0, 'A')]; }, then: ['prevote nil'] },
  { describe: 'rule 2: a block on another parent gets nil', when: (r) => { r.block('A', [], { prevHash: new Uint8Array(32) }); return [r.proposal(0, 'A')]; }, then: ['prevote nil'] },
  { describe: 'rule 2: a block whose roots are not what it does gets nil', when: (r) => { r.block('A', [], { stateRoot: new Uint8Array(32).fill(9) }); return [r.proposal(0, 'A')]; }, then: ['prevote nil'] },
  { describe: 'rule 2: not the proposer of the round', when: (r) => [r.proposal(0, 'A', -1, { proposer: 2 })], then: [] },
  { describe: 'rule 2: a forged signature', when: (r) => [r.proposal(0, 'A', -1, { signature: new Uint8Array(64) })], then: [] },
  { describe: 'rule 2: a forged body is dropped, the true one may still come', given: (r) => [r.proposal(0, 'A', -1, { block: { ...r.block('A'), transactions: [] } })], when: (r) => [r.proposal(0, 'A')], then: ['prevote A'] },
  { describe: 'rule 16: a block larger than may be is dropped', when: (r) => { const large = 'x'.repeat(PARAMS.maxBlockBytes + 1); return [r.proposal(0, large)]; }, then: [] },
  { describe: 'rule 16: one as large as may be is not', when: (r) => { const large = 'x'.repeat(PARAMS.maxBlockBytes); return [r.proposal(0, large)]; }, then: [`prevote ${'x'.repeat(PARAMS.maxBlockBytes)}`] },
  { describe: 'rule 2: one prevote a round', given: (r) => [r.proposal(0, 'A')], when: (r) => [r.proposal(0, 'A'), r.timeout('propose', 0)], then: ['prevote A'] },

  { describe: 'rule 3: a newer polka unlocks', given: (r) => [...lockedOnA(r), ...toRound1(r), ...toRound(2)(r)], when: (r) => [r.proposal(2, 'B', 1)], then: ['prevote B'] },
  {
    describe: 'rule 3: an older polka does not unlock',
    given: (r) => [...toRound(1)(r), r.proposal(1, 'A'), r.prevote(2, 1, 'A'), r.prevote(3, 1, 'A'), ...toRound(4)(r)], when: (r) => [r.proposal(4, 'B', 0)], then: ['prevote nil'],
  },
  { describe: 'rule 3: no polka behind polRound', when: (r) => [...toRound(1)(r), r.proposal(1, 'A', 0, { polka: null })], then: ['timer propose 1'] },
  {
    describe: 'rule 3: a polka of too few', when: (r) => [...toRound(1)(r), r.proposal(1, 'A', 0, { polka: r.certificate('prevote', 0, 'A', [1, 2]) })], then: ['timer propose 1'],
  },
  {
    describe: 'rule 3: a polka with one bad signature', when: (r) => {
      const polka = r.certificate('prevote', 0, 'A', [1, 2, 3]);
      return [...toRound(1)(r), r.proposal(1, 'A', 0, { polka: { ...polka, signatures: [...polka.signatures.slice(0, 2), { validator: 3, signature: new Uint8Array(64) }] } })];
    }, then: ['timer propose 1'],
  },
  { describe: 'rule 3: a polka of another block', when: (r) => [...toRound(1)(r), r.proposal(1, 'A', 0, { polka: r.certificate('prevote', 0, 'B', [1, 2, 3]) })], then: ['timer propose 1'] },

  { describe: 'rule 4: a quorum of any mix starts the prevote timer', given: (r) => [r.proposal(0, 'A')], when: (r) => [r.prevote(1, 0, 'nil'), r.prevote(2, 0, 'A')], then: ['timer prevote 0'] },
  { describe: 'rule 4: two of four start nothing', given: (r) => [r.proposal(0, 'A')], when: (r) => [r.prevote(1, 0, 'nil')], then: [] },
  { describe: 'rule 4: a quorum for nil', given: (r) => [r.timeout('propose', 0)], when: (r) => [r.prevote(1, 0, 'nil'), r.prevote(2, 0, 'nil')], then: ['precommit nil'] },

  { describe: 'rule 5: a polka locks and precommits', given: (r) => [r.proposal(0, 'A'), r.prevote(1, 0, 'A')], when: (r) => [r.prevote(2, 0, 'A')], then: ['precommit A'] },
  { describe: 'rule 5: a polka without the block precommits nothing', given: (r) => [r.timeout('propose', 0)], when: (r) => [1, 2, 3].map((i) => r.prevote(i, 0, 'A')), then: ['timer prevote 0'] },
  {
    describe: 'rule 5: after precommitting nil the polka still makes the block valid, and it is proposed again',
    given: (r) => [r.proposal(0, 'A'), r.prevote(1, 0, 'A'), r.prevote(2, 0, 'nil'), r.timeout('prevote', 0), r.prevote(3, 0, 'A')],
    when: (r) => toRound(3)(r), then: ['timer propose 3', 'propose A 0', 'prevote A'],
  },
  {
    describe: 'rule 5: a polka certificate counts whole, though one of its signers told this node something else',
    given: (r) => [r.proposal(0, 'A'), r.prevote(1, 0, 'nil')],
    when: (r) => [{ type: 'certificate', certificate: r.certificate('prevote', 0, 'A', [1, 2, 3]) }], then: ['precommit A'],
  },

  { describe: 'rule 6: a quorum of any mix starts the precommit timer', when: (r) => [1, 2, 3].map((i) => r.precommit(i, 0, i === 1 ? 'A' : 'nil')), then: ['timer precommit 0'] },
  { describe: 'rule 6: on its expiry the next round begins', given: (r) => [1, 2, 3].map((i) => r.precommit(i, 0, 'nil')), when: (r) => [r.timeout('precommit', 0)], then: ['timer propose 1'] },

  {
    describe: 'rule 7: a quorum of precommits decides, and the height is left in the same step',
    given: (r) => lockedOnA(r), when: (r) => [r.precommit(1, 0, 'A'), r.precommit(2, 0, 'A')], then: ['decide A 0', 'timer minInterval 0', 'timer pace 0'],
  },
  {
    describe: 'rule 7: in any round, also a past one', given: (r) => [...lockedOnA(r), ...toRound1(r)],
    when: (r) => [{ type: 'certificate', certificate: r.certificate('precommit', 0, 'A', [1, 2, 3]) }], then: ['decide A 0', 'timer minInterval 0', 'timer pace 0'],
  },
  { describe: 'rule 7: without the block it is asked for', when: (r) => [1, 2, 3].map((i) => r.precommit(i, 0, 'A')), then: ['sync', 'timer precommit 0'] },
  { describe: 'rule 7: and decided when it comes', given: (r) => [1, 2, 3].map((i) => r.precommit(i, 0, 'A')), when: (r) => [r.proposal(0, 'A')], then: ['decide A 0', 'timer minInterval 0', 'timer pace 0'] },
  { describe: 'rule 7: two of four decide nothing', given: (r) => [r.proposal(0, 'A')], when: (r) => [1, 2].map((i) => r.precommit(i, 0, 'A')), then: [] },
  { describe: 'rule 7: decided elsewhere but invalid here: halt', invalid: ['A'], given: (r) => [r.proposal(0, 'A')], when: (r) => [1, 2, 3].map((i) => r.precommit(i, 0, 'A')), then: ['halt'] },
  {
    describe: 'rule 7: two certificates of one height: halt', given: (r) => [{ type: 'certificate', certificate: r.certificate('precommit', 0, 'A', [1, 2, 3]) }],
    when: (r) => [{ type: 'certificate', certificate: r.certificate('precommit', 1, 'B', [1, 2, 3]) }], then: ['halt'],
  },

  { describe: 'rule 8: more than a third of the power is ahead', given: (r) => [r.prevote(1, 2, 'nil')], when: (r) => [r.precommit(2, 2, 'nil')], then: ['timer propose 2'] },
  { describe: 'rule 8: one validator alone moves nobody', when: (r) => [r.prevote(1, 2, 'nil'), r.precommit(1, 2, 'nil')], then: [] },
  { describe: 'rule 8: who is further ahead counts as well', given: (r) => [r.prevote(1, 7, 'nil')], when: (r) => [r.prevote(2, 2, 'nil')], then: ['timer propose 2'] },
  { describe: 'rule 8: CFT: anybody ahead', options: { model: 'CFT' }, when: (r) => [r.prevote(1, 2, 'nil')], then: ['timer propose 2'] },
  { describe: 'rule 8: far beyond what is kept', given: (r) => [r.prevote(1, 5000, 'nil')], when: (r) => [r.prevote(2, 5000, 'nil')], then: ['timer propose 5000'] },

  {
    describe: 'rule 8: votes from far beyond count once the round is entered', given: (r) => [1, 2].map((i) => r.prevote(i, 5000, 'nil')),
    when: (r) => [r.timeout('propose', 5000)], then: ['proof 2', 'prevote nil', 'precommit nil'],
  },

  { describe: 'rule 9: the propose timer prevotes nil', when: (r) => [r.timeout('propose', 0)], then: ['prevote nil'] },
  { describe: 'rule 9: the prevote timer precommits nil', given: (r) => [r.timeout('propose', 0)], when: (r) => [r.timeout('prevote', 0)], then: ['prevote nil', 'precommit nil'] },
  { describe: 'rule 9: a timer of another round is nothing', given: (r) => toRound(1)(r), when: (r) => [r.timeout('propose', 0)], then: [] },

  { describe: 'rule 10: two votes of one validator are evidence', given: (r) => [r.prevote(1, 0, 'A')], when: (r) => [r.prevote(1, 0, 'B'), r.prevote(1, 0, 'B')], then: ['evidence', 'tell evidence'] },
  { describe: 'rule 10: two proposals of one round are evidence', given: (r) => [r.proposal(0, 'A')], when: (r) => [r.proposal(0, 'B')], then: ['evidence', 'tell evidence'] },
  { describe: 'rule 10: an unsigned second vote frames nobody', given: (r) => [r.prevote(1, 0, 'A')], when: (r) => [{ type: 'vote', vote: { ...r.vote('prevote', 1, 0, 'B'), signature: new Uint8Array(64) } }], then: [] },
];

it.each(CASES)('$describe', ({ options, invalid, given, when, then }) => {
  const rig = new Rig(options);
  for (const name of invalid ?? []) rig.invalid.add(name);
  rig.start();
  for (const input of given?.(rig) ?? []) rig.run(input);
  expect(when(rig).flatMap((input) => rig.run(input))).toEqual(then);
});
