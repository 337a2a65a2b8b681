import { PeerBook } from './peer-book.js';

it('ranks by speed; who was never asked comes first', () => {
  const book = new PeerBook();
  book.answered('slow', 1_000_000, 1000);
  book.answered('fast', 5_000_000, 1000);
  expect(book.ranked(['slow', 'fast', 'new'], 0)).toEqual(['new', 'fast', 'slow']);
  for (let i = 0; i < 10; i++) book.answered('slow', 40_000_000, 1000);
  expect(book.ranked(['slow', 'fast'], 0)).toEqual(['slow', 'fast']);
});

it('passes over who stalls, longer each time, unless nobody else is left', () => {
  const book = new PeerBook();
  book.stalled('a', 0);
  expect([book.ranked(['a', 'b'], 9_999), book.ranked(['a', 'b'], 10_000)]).toEqual([['b'], ['a', 'b']]);
  expect(book.ranked(['a'], 1)).toEqual(['a']);
  book.stalled('a', 10_000);
  expect([book.ranked(['a', 'b'], 29_999), book.ranked(['a', 'b'], 30_000)]).toEqual([['b'], ['a', 'b']]);
  for (let i = 0; i < 10; i++) book.stalled('a', 30_000);
  expect(book.ranked(['a', 'b'], 90_000)).toEqual(['a', 'b']);
  book.answered('a', 1000, 1);
  book.stalled('a', 100_000);
  expect(book.ranked(['a', 'b'], 110_000)).toContain('a');
});

it('passes over who is far slower than the fastest, and measures again later', () => {
  const book = new PeerBook();
  book.answered('snail', 1000, 1000);
  book.answered('fast', 1_000_000, 1000);
  expect(book.ranked(['snail', 'fast'], 0)).toEqual(['fast']);
  expect(book.ranked(['snail', 'fast'], 10_001)).toEqual(['snail', 'fast']);
});

it('asks nobody who lied, even where nobody else is left, for a minute', () => {
  const book = new PeerBook();
  book.lied('liar', 0);
  expect([book.ranked(['liar', 'b'], 1), book.ranked(['liar'], 1)]).toEqual([['b'], []]);
  expect([book.isBanned('liar', 59_999), book.isBanned('liar', 60_000), book.isBanned('b', 1)]).toEqual([true, false, false]);
});

it('counts what each gave', () => {
  const book = new PeerBook();
  for (const key of ['a', 'b', 'a']) book.gave(key);
  expect([...book.blocksFrom]).toEqual([['a', 2], ['b', 1]]);
});
