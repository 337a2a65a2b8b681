import { keccak256 } from '#evm';
import type { Bytes, Log } from '#ledger';

const BLOOM_BYTES = 256;

/** The 2048-bit filter over addresses and topics (Yellow Paper section 4.3.1). Not in our header: computed when asked for. */
export function bloomOf(logs: Iterable<Log>): Bytes {
  const bloom = new Uint8Array(BLOOM_BYTES);
  for (const { address, topics } of logs) {
    add(bloom, address);
    for (const topic of topics) add(bloom, topic);
  }
  return bloom;
}

/** Three bits, from the low eleven bits of the first three pairs of bytes of the hash. */
function add(bloom: Bytes, value: Bytes): void {
  const hash = keccak256(value);
  for (let pair = 0; pair < 6; pair += 2) {
    const bit = (((hash[pair] as number) << 8) | (hash[pair + 1] as number)) & 2047;
    const at = BLOOM_BYTES - 1 - (bit >> 3);
    bloom[at] = (bloom[at] as number) | (1 << (bit & 7));
  }
}
