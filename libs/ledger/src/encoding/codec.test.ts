import fc from 'fast-check';
import { seeded } from '../../testing/seed.js';
import { compareBytes, decodeAll, equalBytes, fromHex, LedgerError, Reader, toHex, Writer } from './index.js';

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof LedgerError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('integers', () => {
  it('are big-endian and fixed in width', () => {
    const bytes = new Writer().u8(1).u32(2).u64(3n).u256(4n).finish();
    expect(toHex(bytes)).toBe(`01${'00000002'}${'0000000000000003'}${'00'.repeat(31)}04`);
  });

  it('come back for every value', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(0xffff_ffff), fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 256n - 1n), (a, b, c, d) => {
        const bytes = new Writer().u8(a).u32(b).u64(c).u256(d).finish();
        expect(decodeAll(bytes, (reader) => [reader.u8(), reader.u32(), reader.u64(), reader.u256()])).toEqual([a, b, c, d]);
      }),
      seeded(200),
    );
  });

  it.each([
    ['u8', () => new Writer().u8(256)],
    ['u8 negative', () => new Writer().u8(-1)],
    ['u32', () => new Writer().u32(2 ** 32)],
    ['u32 fraction', () => new Writer().u32(1.5)],
    ['u32 NaN', () => new Writer().u32(NaN)],
    ['u64', () => new Writer().u64(1n << 64n)],
    ['u64 negative', () => new Writer().u64(-1n)],
    ['u256', () => new Writer().u256(1n << 256n)],
    ['fixed', () => new Writer().fixed(new Uint8Array(31), 32)],
  ])('%s out of range is not written', (_name, write) => expect(code(write)).toBe('outOfRange'));
});

describe('bytes, texts, lists, options', () => {
  it('come back for every value', () => {
    const value = fc.tuple(fc.uint8Array({ maxLength: 600 }), fc.string({ unit: 'grapheme', maxLength: 50 }), fc.option(fc.nat(255)), fc.array(fc.nat(255)));
    fc.assert(
      fc.property(value, ([bytes, text, maybe, list]) => {
        const writer = new Writer();
        writer.bytes(bytes, 600).text(text, 1000).optional(maybe, (item) => writer.u8(item)).list(list, 100, (item) => writer.u8(item));
        const back = decodeAll(writer.finish(), (r) => [r.bytes(600), r.text(1000), r.optional(() => r.u8()), r.list(100, 1, () => r.u8())]);
        expect(back).toEqual([bytes, text, maybe, list]);
      }),
      seeded(200),
    );
  });

  it('a byte order mark survives, as any other character', () => {
    expect(decodeAll(new Writer().text('\ufeffa', 10).finish(), (reader) => reader.text(10))).toBe('\ufeffa');
  });

  it('a Buffer gives plain views', () => {
    expect(new Reader(Buffer.from([1, 2, 3])).fixed(2).constructor).toBe(Uint8Array);
  });

  it.each([
    ['a lone surrogate', () => new Writer().text('\ud800', 10), 'notCanonical'],
    ['too many bytes', () => new Writer().bytes(new Uint8Array(11), 10), 'tooLong'],
    ['too long a text', () => new Writer().text('ääääää', 10), 'tooLong'],
    ['too many items', () => new Writer().list([1, 2], 1, () => undefined), 'tooLong'],
  ])('%s is not written', (_name, write, expected) => expect(code(write)).toBe(expected));

  it.each([
    ['an overlong UTF-8 form', '00000002c080', (r: Reader) => r.text(10), 'notCanonical'],
    ['a surrogate in UTF-8', '00000003eda080', (r: Reader) => r.text(10), 'notCanonical'],
    ['half a character', '00000001c3', (r: Reader) => r.text(10), 'notCanonical'],
    ['a flag of 2', '0200', (r: Reader) => r.optional(() => r.u8()), 'notCanonical'],
    ['a length over the bound', '0000000b', (r: Reader) => r.bytes(10), 'tooLong'],
    ['a length beyond the end', '0000000a00', (r: Reader) => r.bytes(10), 'truncated'],
    ['a count over the bound', '0000000b', (r: Reader) => r.list(10, 1, () => r.u8()), 'tooLong'],
    ['a count that cannot fit, before any item is read', 'ffffffff00', (r: Reader) => r.list(2 ** 32, 1, () => { throw new Error('read'); }), 'truncated'],
    ['bytes after the end', '0000', (r: Reader) => r.u8(), 'trailingBytes'],
    ['another version', '02', (r: Reader) => r.version(1, 'x'), 'badVersion'],
  ])('%s is refused', (_name, hex, read, expected) => expect(code(() => decodeAll(fromHex(hex), (r): unknown => read(r)))).toBe(expected));
});

describe('hex and order', () => {
  it('hex comes back, with or without 0x', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => equalBytes(fromHex(toHex(bytes)), bytes) && equalBytes(fromHex(`0x${toHex(bytes)}`), bytes)), seeded(100));
  });

  it.each(['0', 'zz', '0x0', '0xgg', ' 00', '00\n'])('%p is no hex', (text) => expect(code(() => fromHex(text))).toBe('notCanonical'));

  it('compares as hex texts do', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }), (a, b) => Math.sign(compareBytes(a, b)) === (toHex(a) < toHex(b) ? -1 : toHex(a) > toHex(b) ? 1 : 0)), seeded(300));
  });
});
