import { Rig } from '../../testing/machine.js';

describe('rule 10: evidence', () => {
  it('of who has left the validators is not put into a block, which would be invalid for ever', () => {
    const four = new Rig();
    four.start();
    four.run(four.prevote(3, 0, 'A'), four.prevote(3, 0, 'B'));
    expect([...four.state.evidence.values()].map(({ publicKey }) => publicKey)).toEqual([four.keyOf(3)]);

    const alone = new Rig({ powers: [1n] });
    for (const [key, evidence] of four.state.evidence) alone.state.evidence.set(key, evidence);
    expect(alone.start()).toContain('propose new -1');
    expect(alone.block('new').evidence).toEqual([]);
  });
});
