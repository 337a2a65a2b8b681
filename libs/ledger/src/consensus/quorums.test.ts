import { Rig } from '../../testing/machine.js';
import { isQuorum, isWeak, type FaultModel } from '../formats/quorum.js';
import type { Input } from './input.js';

/**
 * Both fault models and weighted power, in every rule that counts: whoever of the other validators speaks, the machine does what
 * the sum of their power says. This node observes, so that its own vote counts nowhere.
 */
const SETS: [FaultModel, bigint[]][] = [
  ['BFT', [1n, 1n, 1n, 1n]], ['BFT', [1n, 2n, 3n, 4n]], ['BFT', [5n, 1n, 1n, 1n]], ['BFT', [2n, 2n, 2n]], ['BFT', [3n, 3n, 3n, 1n, 1n]], ['BFT', [1n << 60n, 1n << 60n, (1n << 60n) + 1n]],
  ['CFT', [1n]], ['CFT', [1n, 1n, 1n]], ['CFT', [1n, 1n, 1n, 1n]], ['CFT', [2n, 1n, 1n]], ['CFT', [3n, 3n, 1n, 1n]], ['CFT', [7n, 1n, 2n, 4n]],
];
const PARTS = SETS.flatMap(([model, powers]) => Array.from({ length: 1 << powers.length }, (_, bits) => ({ model, powers, voters: powers.map((_power, i) => i).filter((i) => (bits >> i) % 2 === 1) })));

function begin({ model, powers }: (typeof PARTS)[number]): Rig {
  const rig = new Rig({ model, powers, self: null });
  rig.start();
  return rig;
}

/** Sums by index in the set, which is sorted by key. */
function expected(rig: Rig, { model, voters }: (typeof PARTS)[number]): { quorum: boolean; weak: boolean } {
  const power = voters.reduce((sum, i) => sum + (rig.validators.at(i)?.power ?? 0n), 0n);
  const { total } = rig.validators;
  return model === 'BFT' ? { quorum: power * 3n > total * 2n, weak: power * 3n > total } : { quorum: power * 2n > total, weak: power > 0n };
}

const alternating = (i: number): string => (i % 2 === 0 ? 'A' : 'nil');

/** What votes of these make happen, and by which sum. */
const RULES: [string, (rig: Rig, voters: readonly number[]) => boolean, 'quorum' | 'weak'][] = [
  ['rule 4: the prevote timer, or where they agree on nil or a block what is quicker', (rig, voters) => {
    const said = rig.run(rig.proposal(0, 'A'), ...voters.map((i) => rig.prevote(i, 0, alternating(i))));
    return said.includes('timer prevote 0') || rig.state.step === 'precommit';
  }, 'quorum'],
  ['rule 5: a polka', (rig, voters) => {
    rig.run(rig.proposal(0, 'A'), ...voters.map((i) => rig.prevote(i, 0, 'A')));
    return rig.state.validRound === 0;
  }, 'quorum'],
  ['rule 5: a polka that comes as a certificate', (rig, voters) => {
    const certificate = rig.certificate('prevote', 0, 'A', voters);
    rig.run(rig.proposal(0, 'A'), { type: 'certificate', certificate });
    return rig.state.validRound === 0;
  }, 'quorum'],
  ['rule 6: the precommit timer', (rig, voters) => rig.run(...voters.map((i) => rig.precommit(i, 0, alternating(i)))).includes('timer precommit 0'), 'quorum'],
  ['rule 7: a decision', (rig, voters) => rig.run(rig.proposal(0, 'A'), ...voters.map((i) => rig.precommit(i, 0, 'A'))).includes('decide A 0'), 'quorum'],
  ['rule 7: a decision by a certificate', (rig, voters) => {
    const commit: Input = { type: 'certificate', certificate: rig.certificate('precommit', 3, 'A', voters) };
    return rig.run(rig.proposal(0, 'A'), commit).includes('decide A 3');
  }, 'quorum'],
  ['rule 14: a decided block of a peer', (rig, voters) => rig.run({ type: 'syncedBlock', block: rig.block('A'), certificate: rig.certificate('precommit', 0, 'A', voters), outcome: rig.outcome }).includes('decide A 0'), 'quorum'],
  ['rule 8: a later round', (rig, voters) => rig.run(...voters.map((i) => rig.prevote(i, 2, 'nil'))).includes('timer propose 2'), 'weak'],
  ['rule 8: by a proof that a peer sends', (rig, voters) => rig.run({ type: 'skipProof', votes: voters.map((i) => rig.vote('precommit', i, 2, 'nil')) }).includes('timer propose 2'), 'weak'],
];

it.each(RULES)('%s needs enough power, in both models and with any weights', (_name, happens, sum) => {
  for (const part of PARTS) {
    const rig = begin(part);
    expect([part.model, part.powers.join(), part.voters.join(), happens(rig, part.voters)]).toEqual([part.model, part.powers.join(), part.voters.join(), expected(rig, part)[sum]]);
  }
});

/** Votes to decide, and crashes survived, of n equal validators: the table of the design. */
it.each<[FaultModel, [n: number, quorum: number, crashes: number][]]>([
  ['BFT', [[1, 1, 0], [2, 2, 0], [3, 3, 0], [4, 3, 1], [5, 4, 1], [6, 5, 1], [7, 5, 2], [10, 7, 3], [13, 9, 4], [16, 11, 5], [50, 34, 16]]],
  ['CFT', [[1, 1, 0], [2, 2, 0], [3, 2, 1], [4, 3, 1], [5, 3, 2], [6, 4, 2], [7, 4, 3], [10, 6, 4], [13, 7, 6], [16, 9, 7], [50, 26, 24]]],
])('%s: quorums of equal validators', (model, table) => {
  for (const [n, quorum, crashes] of table) {
    const least = Array.from({ length: n + 1 }, (_, p) => p).find((p) => isQuorum(model, BigInt(p), BigInt(n)));
    const truthful = Array.from({ length: n + 1 }, (_, p) => p).find((p) => isWeak(model, BigInt(p), BigInt(n)));
    expect([n, least, n - quorum]).toEqual([n, quorum, crashes]);
    // Two quorums share one who tells the truth; and W holds one, where as many lie as the model bears.
    expect(2 * quorum - n).toBeGreaterThan(model === 'BFT' ? Math.ceil(n / 3) - 1 : 0);
    expect(truthful).toBeGreaterThan(model === 'BFT' ? Math.ceil(n / 3) - 1 : 0);
  }
});
