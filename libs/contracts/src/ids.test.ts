import { ID_PREFIXES, idSchema, isId, newId, type IdKind } from './ids.js';

describe('ids', () => {
  it.each(Object.keys(ID_PREFIXES) as IdKind[])('%s: what is made is valid, and of this kind only', (kind) => {
    const id = newId(kind);
    expect(isId(kind, id)).toBe(true);
    expect(idSchema(kind).safeParse(id).success).toBe(true);
    expect((Object.keys(ID_PREFIXES) as IdKind[]).filter((other) => isId(other, id))).toEqual([kind]);
  });

  it('sort by the time of their making', () => {
    const times = [0, 1, 31, 32, 1_800_000_000_000, 1_800_000_000_001, 2 ** 48 - 1];
    const ids = times.map((time) => newId('chain', time));
    expect([...ids].sort()).toEqual(ids);
  });

  it('do not repeat', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => newId('node', 5))).size).toBe(10_000);
  });

  it.each(['', 'chn_', 'chn_01ILOU', `chn_${'0'.repeat(27)}`, `CHN_${'0'.repeat(26)}`, `chn_${'0'.repeat(26)}\n`])('refuse %j', (text) => {
    expect(isId('chain', text)).toBe(false);
  });
});
