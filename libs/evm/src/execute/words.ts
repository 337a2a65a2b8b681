/** EVM words between bigint and bytes, without hexadecimal in between. Big-endian. */

const U64 = (1n << 64n) - 1n;
const WORD = new Uint8Array(32);
const VIEW = new DataView(WORD.buffer);

/** The word in a place that the next call uses again: to be copied at once. */
export function wordOf(value: bigint): Uint8Array {
  VIEW.setBigUint64(24, value & U64);
  if (value <= U64) WORD.fill(0, 0, 24);
  else for (let at = 16, rest = value >> 64n; at >= 0; at -= 8, rest >>= 64n) VIEW.setBigUint64(at, rest & U64);
  return WORD;
}

/** 32 bytes from a place on, zeros beyond the end. */
export function wordAt(bytes: Uint8Array, from: number): bigint {
  // A view of so few bytes costs more than to take them one by one.
  for (let i = 0; i < 32; i++) WORD[i] = bytes[from + i] ?? 0;
  return valueOfWord();
}

function valueOfWord(): bigint {
  const high = VIEW.getBigUint64(0);
  const second = VIEW.getBigUint64(8);
  const low = (VIEW.getBigUint64(16) << 64n) | VIEW.getBigUint64(24);
  return high === 0n && second === 0n ? low : (high << 192n) | (second << 128n) | low;
}

/** 32 bytes of its own. */
export function newWord(value: bigint): Uint8Array {
  return wordOf(value).slice();
}

/** A number from at most 32 bytes, which may lack leading zeros. */
export function numberOf(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  WORD.fill(0, 0, 32 - bytes.length);
  WORD.set(bytes, 32 - bytes.length);
  return valueOfWord();
}
