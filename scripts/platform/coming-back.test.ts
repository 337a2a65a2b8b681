import { missingOf, progressOf, type ReturningNode } from './coming-back.js';

const node = (chain: string, id: string, answers: boolean): ReturningNode => ({ chainId: `chn_${chain}`, chainName: chain, nodeId: `nod_${id}`, answers });

describe('chains that come back', () => {
  it('are not spoken of where there are none', () => {
    expect(progressOf([])).toBeUndefined();
    expect(missingOf([])).toEqual([]);
  });

  it('are counted with their nodes', () => {
    expect(progressOf([node('a', '1', true), node('a', '2', false)])).toBe('1 chain is coming back: 1 of 2 nodes answer');
    expect(progressOf([node('a', '1', true), node('b', '2', true)])).toBe('2 chains are coming back: 2 of 2 nodes answer');
  });

  it('name the nodes that do not answer', () => {
    expect(missingOf([node('a', '1', true), node('b', '2', false), node('b', '3', false)])).toEqual(['b (chn_b): no answer yet of nod_2, nod_3']);
  });
});
