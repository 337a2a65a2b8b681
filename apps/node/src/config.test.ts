import { readConfig } from './config.js';

describe('what a node is told from outside', () => {
  const historyOf = (text: string | undefined): unknown => readConfig({ STELE_DATA: '/data', ...(text === undefined ? {} : { STELE_HISTORY: text }) }).history;

  it.each([[undefined, 10_000], ['', 10_000], ['archive', 'archive'], ['128', 128], ['1000000', 1_000_000]])('STELE_HISTORY %s', (text, history) => {
    expect(historyOf(text)).toBe(history);
  });

  it.each(['127', '0', '-1', '1e6', 'all', '12.5', '0x100'])('refuses STELE_HISTORY %s, and says what it may be', (text) => {
    expect(() => historyOf(text)).toThrow(`STELE_HISTORY must be archive or a number of blocks, at least 128, not "${text}".`);
  });
});
