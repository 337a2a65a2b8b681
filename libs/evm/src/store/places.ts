/** Where something stands in the chain, in eight bytes whose order is the chain's: `height u40 | index u24`. */
export const LAST_INDEX = 0xff_ffff;
const LAST_HEIGHT = 2n ** 40n - 1n;

export function heightPlace(height: bigint, index = 0): Buffer {
  const place = Buffer.allocUnsafe(8);
  place.writeUIntBE(Number(height > LAST_HEIGHT ? LAST_HEIGHT : height), 0, 5);
  place.writeUIntBE(index, 5, 3);
  return place;
}
