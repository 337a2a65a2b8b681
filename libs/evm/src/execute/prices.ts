import { EVMError, getActivePrecompiles, paramsEVM, type ExecResult, type PrecompileFunc, type PrecompileInput } from '@ethereumjs/evm';
import type { Common } from '@ethereumjs/common';

/**
 * Gas is Ethereum's, but for the precompiles that this program executes much slower than Ethereum's clients do
 * (docs/spec/state.md, "Prices"). A changed number is a changed rule: all nodes of a chain must have the same.
 */
export const PRICES = {
  ...paramsEVM,
  1679: { ...paramsEVM[1679], bn254AddGas: 900, bn254MulGas: 48_000, bn254PairingGas: 135_000, bn254PairingWordGas: 102_000, blake2RoundGas: 8 },
  2537: { ...paramsEVM[2537], bls12381G1AddGas: 750, bls12381G2AddGas: 1200 },
};

/** EIP-7951 asks 6,900 for a P-256 verification; this much comes on top. */
const P256_SURCHARGE = 41_400n - 6_900n;
const P256_ADDRESS = '0x0000000000000000000000000000000000000100';

/** The library has that price in its code: the precompile is wrapped. */
export function p256Priced(common: Common): { address: typeof P256_ADDRESS; function: PrecompileFunc } {
  const verify = getActivePrecompiles(common).get(P256_ADDRESS.slice(2));
  if (verify === undefined) throw new Error('the EVM library has no P-256 precompile');
  return {
    address: P256_ADDRESS,
    function: async (input: PrecompileInput): Promise<ExecResult> => {
      const gasLimit = input.gasLimit - P256_SURCHARGE;
      if (gasLimit < 0n) return { returnValue: new Uint8Array(0), executionGasUsed: input.gasLimit, exceptionError: new EVMError(EVMError.errorMessages.OUT_OF_GAS) };
      const result = await verify({ ...input, gasLimit });
      return { ...result, executionGasUsed: result.executionGasUsed + P256_SURCHARGE };
    },
  };
}
