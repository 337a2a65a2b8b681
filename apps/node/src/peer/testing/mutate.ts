/** Whole numbers from 0 on and below the one that is asked for. */
export type Random = (below: number) => number;

const EDGES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

/** One payload, changed: bits, bytes, lengths, ends, a piece of another payload in it. */
export function mutate(payload: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes: Buffer = Buffer.from(payload);
  for (let changes = 1 + random(3); changes > 0; changes--) bytes = changeOnce(bytes, other, random);
  return bytes;
}

function changeOnce(bytes: Buffer, other: Uint8Array, random: Random): Buffer {
  const at = bytes.length === 0 ? 0 : random(bytes.length);
  switch (random(8)) {
    case 0: // One bit.
      if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ (1 << random(8));
      return bytes;
    case 1: // A byte at the edge of what numbers mean.
      if (bytes.length > 0) bytes[at] = EDGES[random(EDGES.length)] as number;
      return bytes;
    case 2: // What may be a length, much too large or none.
      if (bytes.length >= 4) bytes.writeUInt32BE([0, 1, 0xffff, 0x7fff_ffff, 0xffff_ffff][random(5)] as number, random(bytes.length - 3));
      return bytes;
    case 3: return bytes.subarray(0, at);
    case 4: return bytes.subarray(at);
    case 5: return Buffer.concat([bytes, Buffer.alloc(1 + random(64), random(256))]);
    case 6: { // A piece of another.
      const from = other.length === 0 ? 0 : random(other.length);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + random(200)), bytes.subarray(at)]);
    }
    default: // The same piece twice.
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - random(100)))]);
  }
}
