import fc from 'fast-check';
import { Rig } from '../../testing/machine.js';
import { seeded } from '../../testing/seed.js';
import { toHex } from '../encoding/index.js';
import type { Effect } from './effect.js';
import type { Input } from './input.js';

/**
 * Rule 11 and the order of effects, whatever happens: nothing of this node goes out before the safety module has released its
 * signature; a place is asked for once; deciding ends the height in the same step; after a halt there is nothing.
 */
const NAMES = ['A', 'B', 'nil'] as const;
const KINDS = ['propose', 'prevote', 'precommit', 'rebroadcast', 'pace', 'minInterval'] as const;

/** What others say, and timers: never a message of this node's own, which nobody else could sign. */
const event: fc.Arbitrary<(rig: Rig) => Input> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom('prevote', 'precommit'), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 4 }), fc.constantFrom(...NAMES)).map(([kind, one, round, name]) => (rig: Rig): Input => {
    const from = one === rig.self ? 0 : one;
    return kind === 'prevote' ? rig.prevote(from, round, name) : rig.precommit(from, round, name);
  }) },
  { weight: 3, arbitrary: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom('A', 'B'), fc.integer({ min: -1, max: 3 })).map(([round, name, polRound]) => (rig: Rig): Input => rig.proposal((1 + round) % 4 === rig.self ? round + 1 : round, name, polRound)) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('prevote' as const, 'precommit' as const), fc.integer({ min: 0, max: 4 })).map(([kind, round]) => (rig: Rig): Input => ({ type: 'certificate', certificate: rig.certificate(kind, round, 'A', [1, 2, 3]) })) },
  { weight: 4, arbitrary: fc.constantFrom(...KINDS).map((kind) => (rig: Rig): Input => rig.timeout(kind)) },
);

/** Asserts on every list of effects, and gives the answers that are asked for. */
class Watch {
  readonly waiting: Input[] = [];
  private readonly released = new Set<string>();
  private readonly asked = new Map<string, string>();
  decisions = 0;
  ended = false;

  constructor(private readonly rig: Rig) {}

  feed(input: Input): void {
    if (input.type === 'signed') this.released.add(toHex(input.signature));
    const { height } = this.rig.state.context;
    const effects = this.rig.feed(input);
    if (this.ended) expect(effects).toEqual([]);
    for (const [i, effect] of effects.entries()) this.look(effect, effects.slice(i + 1), height);
  }

  private look(effect: Effect, after: readonly Effect[], height: bigint): void {
    const { rig } = this;
    if (effect.type === 'sign') {
      const { kind, round, signBytes } = effect.request;
      const place = `${effect.request.height}/${kind}/${round}`;
      expect(this.asked.has(place)).toBe(false);
      this.asked.set(place, toHex(signBytes));
    } else if (effect.type === 'broadcast') {
      const { message } = effect;
      const own = message.type === 'vote' && message.vote.validator === rig.self ? message.vote.signature : message.type === 'proposal' && message.proposal.proposer === rig.self ? message.proposal.signature : null;
      if (own !== null) expect(this.released.has(toHex(own))).toBe(true);
    } else if (effect.type === 'decide') {
      this.decisions += 1;
      expect(effect.block.header.height).toBe(height);
      expect(rig.state.context.height).toBe(height + 1n);
      // The height is left: what follows in this step is the next one's.
      for (const next of after) expect(next.type === 'setTimer' && next.timer.height === height + 1n).toBe(true);
    } else if (effect.type === 'halt') {
      this.ended = true;
      expect(after).toEqual([]);
    }
    const answer = rig.answer(effect);
    if (answer !== null) this.waiting.push(answer);
  }
}

it.each([['this node follows', 0], ['this node proposes first', 1]])('%s: signed and durable, then sent; decided, then the next height', (_name, self) => {
  let decisions = 0;
  fc.assert(fc.property(fc.array(fc.tuple(event, fc.nat()), { minLength: 10, maxLength: 60 }), (events) => {
    const rig = new Rig({ self });
    for (const name of ['A', 'B']) rig.block(name);
    const watch = new Watch(rig);
    watch.feed({ type: 'start', records: [], maySign: true });
    for (const [make, choice] of events) {
      // Answers come when they come, also after the height is over.
      for (let i = choice % 3; i > 0 && watch.waiting.length > 0; i--) watch.waiting.splice(choice % watch.waiting.length, 1).forEach((answer) => watch.feed(answer));
      if (rig.state.context.height === 1n) watch.feed(make(rig));
    }
    for (let answer = watch.waiting.shift(); answer !== undefined; answer = watch.waiting.shift()) watch.feed(answer);
    expect(watch.decisions).toBe(Number(rig.state.context.height - 1n));
    decisions += watch.decisions;
  }), seeded(600));
  expect(decisions).toBeGreaterThan(0);
});

it('without answers nothing of this node ever goes out', () => {
  fc.assert(fc.property(fc.array(event, { maxLength: 60 }), (events) => {
    const rig = new Rig();
    const effects = rig.feed({ type: 'start', records: [], maySign: true });
    for (const make of events) if (rig.state.context.height === 1n) effects.push(...rig.feed(make(rig)));
    for (const effect of effects) {
      if (effect.type !== 'broadcast') continue;
      expect(effect.message.type === 'vote' || effect.message.type === 'proposal').toBe(false);
    }
  }), seeded(300));
});

it('who halts because of its own vote does not send it any more', () => {
  const rig = new Rig();
  rig.start();
  rig.run(rig.proposal(0, 'A'), rig.prevote(1, 0, 'A'));
  const [asked] = rig.feed(rig.prevote(2, 0, 'A')).filter((effect) => effect.type === 'sign');
  rig.run(rig.precommit(1, 0, 'A'), rig.precommit(2, 0, 'A'), { type: 'certificate', certificate: rig.certificate('precommit', 5, 'B', [1, 2, 3]) });
  const answer = asked === undefined ? null : rig.answer(asked);
  expect(answer === null ? [] : rig.feed(answer).map((effect) => effect.type)).toEqual(['halt']);
});
