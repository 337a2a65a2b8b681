import { advance, CREATE_STEPS, createStage, finish } from './progress.js';

describe('progress of an operation', () => {
  const at = (second: number): string => `2026-01-01T00:00:0${second}.000Z`;

  it('marks what is before the running step as done, once', () => {
    const first = advance(CREATE_STEPS, [], 1, null, at(1));
    expect(first.map((step) => step.status)).toEqual(['succeeded', 'running', 'pending', 'pending', 'pending', 'pending', 'pending']);
    const second = advance(CREATE_STEPS, first, 2, 'x', at(2));
    expect(second[0]).toEqual(first[0]);
    expect(second[1]).toMatchObject({ status: 'succeeded', startedAt: at(1), endedAt: at(2) });
    expect(second[2]).toMatchObject({ status: 'running', startedAt: at(2), detail: 'x' });
  });

  it('never goes back', () => {
    const late = advance(CREATE_STEPS, [], 5, null, at(1));
    expect(advance(CREATE_STEPS, late, 1, null, at(2))[5]).toMatchObject({ status: 'running', startedAt: at(1) });
  });

  it('finishes all', () => {
    expect(new Set(finish(CREATE_STEPS, [], at(1)).map((step) => step.status))).toEqual(new Set(['succeeded']));
  });

  it('tells the stage of the earliest step', () => {
    expect(createStage([{ kind: 'applyNode', nodeId: 'a', why: '' }, { kind: 'ensureImage', dataCenterId: 'd' }], 'provisioning')).toBe(0);
    expect(createStage([{ kind: 'wait', why: '', forMs: 1 }], 'awaitingFounders')).toBe(4);
    expect(createStage([{ kind: 'wait', why: '', forMs: 1 }], 'starting')).toBe(6);
    expect(createStage([{ kind: 'settled' }], 'running')).toBeUndefined();
  });
});
