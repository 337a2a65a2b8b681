import { Hardfork } from '@ethereumjs/common';
import { EVMError, type EVMOpts, type ExecResult } from '@ethereumjs/evm';
import type { Common } from '@ethereumjs/common';
import { ED25519_PRECOMPILE } from '../system/ed25519-precompile.js';
import { p256Priced, PRICES } from './prices.js';

type Precompile = NonNullable<EVMOpts['customPrecompiles']>[number];

/** What the EVM goes by. A chain's are {@link STELE_RULES}; the public test suites are run with Ethereum's. */
export interface ExecutionRules {
  hardfork: Hardfork;
  /** Gas prices by EIP, as the EVM library has them. */
  prices: NonNullable<EVMOpts['params']>;
  precompiles: (common: Common) => Precompile[];
  /** At most this part of the gas is refunded: a fifth since EIP-3529, a half before. */
  refundQuotient: bigint;
  /** EIP-6780: only what the transaction itself created is destroyed. */
  destroysCreatedOnly: boolean;
  /** Our frames, journal and storage opcodes; they know the rules since Berlin (EIP-2929) only. */
  quick: boolean;
}

/**
 * The point evaluation of EIP-4844 fails like a precompile that was given nonsense: there are no blobs here. The library's own
 * would throw out of the EVM.
 */
const NO_BLOBS: Precompile = {
  address: '0x000000000000000000000000000000000000000a',
  function: ({ gasLimit }: { gasLimit: bigint }): ExecResult => ({
    returnValue: new Uint8Array(0), executionGasUsed: gasLimit, exceptionError: new EVMError(EVMError.errorMessages.INVALID_INPUTS),
  }),
};

export const STELE_RULES: ExecutionRules = {
  hardfork: Hardfork.Osaka, prices: PRICES, precompiles: (common) => [NO_BLOBS, p256Priced(common), ED25519_PRECOMPILE], refundQuotient: 5n, destroysCreatedOnly: true, quick: true,
};
