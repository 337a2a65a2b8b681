import { EVMError, type ExecResult, type PrecompileFunc, type PrecompileInput } from '@ethereumjs/evm';
import { checkPublicKey, toHex, verify, type Bytes } from '#ledger';
import { ED25519_ADDRESS } from './addresses.js';

/** Checking a key and a signature takes about a tenth of a millisecond; a word of the message is hashed in less than one gas. */
const BASE_GAS = 6000n;
const WORD_GAS = 12n;
const HEAD_BYTES = 96;

/**
 * Ed25519 for contracts, a pure function that anybody may call: input `key[32] ‖ signature[64] ‖ message`, answer one word, 1 where
 * the key may be a validator's and the signature over the message is its (strict rules, docs/spec/encoding.md), else 0.
 */
function run({ data, gasLimit }: PrecompileInput): ExecResult {
  const words = BigInt(Math.ceil(Math.max(data.length - HEAD_BYTES, 0) / 32));
  const gas = BASE_GAS + WORD_GAS * words;
  if (gas > gasLimit) return { returnValue: new Uint8Array(0), executionGasUsed: gasLimit, exceptionError: new EVMError(EVMError.errorMessages.OUT_OF_GAS) };
  const returnValue = new Uint8Array(32);
  if (holds(data)) returnValue[31] = 1;
  return { returnValue, executionGasUsed: gas };
}

function holds(data: Bytes): boolean {
  if (data.length < HEAD_BYTES) return false;
  const key = data.slice(0, 32);
  return checkPublicKey(key) === 'ok' && verify(key, data.slice(HEAD_BYTES), data.slice(32, HEAD_BYTES));
}

export const ED25519_PRECOMPILE: { address: `0x${string}`; function: PrecompileFunc } = { address: `0x${toHex(ED25519_ADDRESS)}`, function: run };
