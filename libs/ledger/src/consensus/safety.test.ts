import { Rig, toySign } from '../../testing/machine.js';
import { fromHex, toHex } from '../encoding/index.js';
import type { Effect } from './effect.js';
import type { Input } from './input.js';
import { decodeLogRecord, encodeLogRecord, type LogRecord } from './record.js';

const kinds = (effects: readonly Effect[]): string[] => effects.map((effect) => effect.type).filter((type) => type !== 'setTimer');

describe('rule 11: durable before it is sent', () => {
  it('execute, sign, broadcast: each waits for the answer to the one before', () => {
    const rig = new Rig();
    rig.start();
    let effects = rig.feed(rig.proposal(0, 'A'));
    const order = [kinds(effects)];
    for (let i = 0; i < 2; i++) {
      const answer = effects.map((effect) => rig.answer(effect)).find((one) => one !== null) as Input;
      effects = rig.feed(answer);
      order.push(kinds(effects));
    }
    expect(order).toEqual([['execute'], ['sign'], ['broadcast']]);
  });

  it('an own vote counts only once it is durable', () => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.prevote(1, 0, 'A'), rig.prevote(2, 0, 'A'));
    const executed = rig.feed(rig.proposal(0, 'A')).map((effect) => rig.answer(effect)).find((one) => one !== null) as Input;
    const [sign] = rig.feed(executed);
    expect(rig.state.lockedRound).toBe(-1);
    expect(rig.run(rig.answer(sign as Effect) as Input)).toEqual(['prevote A', 'precommit A']);
    expect(rig.state.lockedRound).toBe(0);
  });

  it('the record of a lock holds block and polka, once', () => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.proposal(0, 'A'), rig.prevote(1, 0, 'A'), rig.prevote(2, 0, 'A'));
    expect(rig.records.map(({ kind, lockedRound, polka, block }) => [kind, lockedRound, polka?.signatures.length ?? 0, block !== null])).toEqual([
      ['prevote', -1, 0, false],
      ['precommit', 0, 3, true],
    ]);
  });

  it('answers to what was asked in a height that is over are ignored', () => {
    const rig = new Rig();
    rig.start();
    const asked = rig.feed(rig.timeout('propose')).find((effect) => effect.type === 'sign') as Effect;
    rig.run(...[1, 2, 3].map((i) => rig.precommit(i, 0, 'A')), rig.proposal(0, 'A'));
    expect(rig.state.context.height).toBe(2n);
    expect(rig.feed(rig.answer(asked) as Input)).toEqual([]);
  });
});

/** A new process with the same key and what its log holds. */
function restart(rig: Rig, records: readonly LogRecord[] = rig.records): Rig {
  return new Rig({ records: records.map((record) => decodeLogRecord(encodeLogRecord(record))), self: rig.self });
}

describe('rule 12: replay after a crash', () => {
  it('sends again what was signed, with equal bytes, and signs nothing else in that round', () => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.proposal(0, 'A'));
    const again = restart(rig);
    expect(again.start()).toEqual(['prevote ?']);
    expect(again.sent).toEqual(rig.sent);
    expect(again.run(rig.proposal(0, 'B'), again.timeout('propose'))).toEqual(expect.not.arrayContaining(['prevote nil', 'prevote B']));
    expect(again.records).toEqual([]);
  });

  it('asked for the same bytes, the machine gives the stored signature; other bytes are refused', () => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.proposal(0, 'A'));
    const again = restart(rig);
    again.start();
    again.state.step = 'propose';
    expect(again.run(again.proposal(0, 'A'))).toEqual(['prevote A']);
    expect(again.records).toEqual([]);
    again.state.step = 'propose';
    expect(again.run(again.timeout('propose'))).not.toContain('prevote nil');
    expect(again.records).toEqual([]);
  });

  it('keeps the lock: a new block is refused, the locked one taken', () => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.proposal(0, 'A'), rig.prevote(1, 0, 'A'), rig.prevote(2, 0, 'A'));
    const toRound = (r: Rig, round: number): Input[] => [r.prevote(1, round, 'nil'), r.precommit(2, round, 'nil')];
    const one = restart(rig);
    one.start();
    expect(one.run(...toRound(one, 1), one.proposal(1, 'B'))).toEqual(['timer propose 1', 'prevote nil']);
    const two = restart(rig);
    two.block('A');
    two.start();
    expect(two.run(...toRound(two, 3))).toEqual(['timer propose 3', 'propose A 0', 'prevote A']);
  });

  it('does not depend on the order of the records', () => {
    const rig = new Rig();
    rig.start();
    rig.run(rig.proposal(0, 'A'), rig.prevote(1, 0, 'A'), rig.prevote(2, 0, 'A'), rig.prevote(1, 1, 'nil'), rig.precommit(2, 1, 'nil'), rig.timeout('propose', 1));
    const place = (r: Rig): unknown => [r.state.round, r.state.step, r.state.lockedRound, r.state.validRound, r.state.polka?.round];
    const orders = [rig.records, [...rig.records].reverse()].map((records) => restart(rig, records));
    for (const again of orders) again.start();
    expect(orders.map(place)).toEqual([[1, 'prevote', 0, 0, 0], [1, 'prevote', 0, 0, 0]]);
    expect(orders[1]?.sent).toEqual(orders[0]?.sent);
  });

  it('an own proposal is sent again, and its round goes on', () => {
    const rig = new Rig({ self: 1 });
    rig.start();
    const again = restart(rig, rig.records.slice(0, 1));
    again.block('new');
    expect(again.start()).toEqual(['timer propose 0', 'propose new -1', 'prevote new']);
  });

  it('all nodes crash after a quorum locked, before anybody heard a precommit: the block is decided', () => {
    const before = [0, 1, 2, 3].map((self) => new Rig({ self }));
    const name = 'new';
    for (const rig of before) rig.start();
    const others = (rig: Rig): Input[] => [0, 1, 2, 3].filter((i) => i !== rig.self).map((i) => rig.prevote(i, 0, name));
    for (const rig of before) rig.run(...(rig.self === 1 ? [] : [rig.proposal(0, name)]), ...others(rig));
    expect(before.map((rig) => rig.state.lockedRound)).toEqual([0, 0, 0, 0]);
    const after = before.map((rig) => restart(rig));
    for (const rig of after) rig.start();
    const said = after.flatMap((rig) => rig.sent);
    for (const rig of after) rig.hear(said);
    expect(after.map((rig) => rig.state.context.height)).toEqual([2n, 2n, 2n, 2n]);
  });

  it('wherever it crashes, no two of its messages conflict', () => {
    const script = (rig: Rig): Input[] => [
      rig.proposal(0, 'A'), rig.prevote(1, 0, 'A'), rig.prevote(2, 0, 'A'), rig.precommit(1, 0, 'nil'), rig.precommit(2, 0, 'nil'), rig.timeout('precommit', 0),
      rig.proposal(1, 'B'), rig.timeout('propose', 1), rig.prevote(1, 1, 'nil'), rig.prevote(2, 1, 'nil'), rig.precommit(1, 1, 'nil'), rig.precommit(2, 1, 'nil'), rig.timeout('precommit', 1),
    ];
    const other = (rig: Rig): Input[] => [rig.timeout('propose', 0), rig.proposal(0, 'B'), rig.prevote(1, 0, 'B'), rig.prevote(3, 0, 'B'), rig.timeout('prevote', 0), ...script(rig).slice(3)];
    const first = new Rig();
    first.start();
    first.run(...script(first));
    expect(first.records.length).toBeGreaterThanOrEqual(4);
    for (let kept = 0; kept <= first.records.length; kept++) {
      const records = first.records.slice(0, kept);
      const again = restart(first, records);
      again.start();
      again.run(...other(again));
      const signed = new Map<string, string>();
      for (const { kind, round, signBytes } of [...records, ...again.records]) {
        const place = `${kind}/${round}`;
        expect(signed.get(place) ?? toHex(signBytes)).toBe(toHex(signBytes));
        signed.set(place, toHex(signBytes));
      }
    }
  });

  it('with a damaged log nothing is signed, and the height can still be decided', () => {
    const rig = new Rig({ maySign: false });
    rig.start();
    const said = rig.run(rig.proposal(0, 'A'), ...[1, 2, 3].map((i) => rig.prevote(i, 0, 'A')), ...[1, 2, 3].map((i) => rig.precommit(i, 0, 'A')));
    expect(said).toContain('decide A 0');
    expect(rig.sent.filter((message) => message.type === 'vote')).toEqual([]);
  });
});

it('a record comes back equal from its bytes, and its bytes are refused where cut', () => {
  const rig = new Rig();
  rig.start();
  rig.run(rig.proposal(0, 'A'), rig.prevote(1, 0, 'A'), rig.prevote(2, 0, 'A'));
  for (const record of rig.records) {
    const bytes = encodeLogRecord(record);
    expect(decodeLogRecord(bytes)).toEqual(record);
    for (let length = 0; length < bytes.length; length++) expect(() => decodeLogRecord(bytes.subarray(0, length))).toThrow();
  }
  expect(toySign(fromHex('00'), fromHex('01'))).toHaveLength(64);
});
