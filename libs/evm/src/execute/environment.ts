import { Address } from '@ethereumjs/util';
import type { EVMRunCallOpts } from '@ethereumjs/evm';
import { sha256, type Bytes } from '#ledger';
import type { ParentBlock } from './executor.js';

/** The EVM library's idea of a block. */
export type EvmBlock = NonNullable<EVMRunCallOpts['block']>;

/** COINBASE is zero: nobody earns fees. */
export const COINBASE = new Address(new Uint8Array(20));

/**
 * What a contract sees of its block. TIMESTAMP is the header's time in whole seconds, so two blocks may share one; PREVRANDAO is
 * SHA-256(prevHash ‖ height u64) and thus known in advance; every price is 0.
 */
export function environmentOf(parent: ParentBlock, timeMs: bigint, blockGasLimit: bigint): EvmBlock {
  const height = parent.height + 1n;
  return {
    header: {
      number: height,
      coinbase: COINBASE,
      timestamp: timeMs / 1000n,
      difficulty: 0n,
      prevRandao: prevRandao(parent.hash, height),
      gasLimit: blockGasLimit,
      baseFeePerGas: 0n,
      getBlobGasPrice: () => 0n,
    },
  };
}

export function prevRandao(prevHash: Bytes, height: bigint): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, height);
  return sha256(prevHash, bytes);
}
