import { keccak256 } from '#evm';
import { fromHex, toHex, utf8 } from '#ledger';
import { bloomOf } from './bloom.js';

describe('bloom filter (Yellow Paper section 4.3.1)', () => {
  it('sets the three bits of each address and topic', () => {
    // go-ethereum, core/types/bloom9_test.go: TestBloomExtensively.
    const bloom = new Uint8Array(256);
    for (let i = 0; i < 100; i++) {
      const one = bloomOf([{ address: utf8(`xxxxxxxxxx data ${i} yyyyyyyyyyyyyy`), topics: [], data: new Uint8Array(0) }]);
      one.forEach((byte, at) => {
        bloom[at] = (bloom[at] as number) | byte;
      });
    }
    expect(toHex(keccak256(bloom))).toBe('c8d3ca65cdb4874300a9e39475508f23ed6da09fdbc487f89a2dcf50b09eb263');
  });

  it('is empty without logs', () => {
    expect(toHex(bloomOf([]))).toBe('00'.repeat(256));
    expect(bloomOf([{ address: fromHex('00'.repeat(20)), topics: [], data: new Uint8Array(0) }]).some((byte) => byte !== 0)).toBe(true);
  });
});
