import { compareBytes, concatBytes, MAX_TRANSACTION_BYTES, type Bytes } from '#ledger';
import { keccak256 } from '../crypto/keccak.js';
import { recoverAddress } from '../crypto/recover.js';
import { EvmError } from '../errors.js';
import type { AdmittedTransaction } from './admitted.js';
import { decodeTransaction, type DecodedTransaction } from './decode.js';
import { intrinsicGasOf, MAX_INIT_CODE_BYTES } from './intrinsic.js';

/** What a chain demands of a transaction, whatever the state. */
export interface AdmissionRules {
  evmChainId: bigint;
  /** Most gas of one transaction. */
  txGasLimit: bigint;
}

/** Half of the curve's order (EIP-2): a larger s is the same signature written the second way. */
const HALF_ORDER = Uint8Array.from(Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex'));
const MAX_NONCE = (1n << 64n) - 2n; // EIP-2681

/** Checks a raw transaction and recovers its sender. @throws EvmError with a TransactionErrorCode. */
export function admitTransaction(raw: Bytes, rules: AdmissionRules): AdmittedTransaction {
  if (raw.length > MAX_TRANSACTION_BYTES) throw new EvmError('transactionTooLarge', `${raw.length} bytes; a transaction may have ${MAX_TRANSACTION_BYTES}`);
  // The bytes may be a view into a network buffer; an admitted transaction outlives it.
  const own = Uint8Array.from(raw);
  const decoded = decodeTransaction(own);
  checkRules(decoded, rules);
  const gas = intrinsicGasOf(decoded.to, decoded.data, decoded.accessList);
  const least = gas.intrinsicGas > gas.floorGas ? gas.intrinsicGas : gas.floorGas;
  if (decoded.gasLimit < least) throw new EvmError('intrinsicGasTooLow', `intrinsic gas too low: gas limit ${decoded.gasLimit}, the transaction needs at least ${least}`);
  if (compareBytes(decoded.s, HALF_ORDER) > 0) throw new EvmError('highS', 'the signature’s s is in the upper half of the curve’s order (EIP-2)');
  const sender = recoverAddress(keccak256(decoded.signingBytes), concatBytes(decoded.r, decoded.s), decoded.yParity);
  if (sender === null) throw new EvmError('badSignature', 'no key can have made this signature');
  const { r, s, v, yParity, signingBytes: _signed, chainId: _chain, ...fields } = decoded;
  return { ...fields, ...gas, hash: keccak256(own), raw: own, sender, signature: { v, yParity, r: toInteger(r), s: toInteger(s) } };
}

function checkRules(decoded: DecodedTransaction, rules: AdmissionRules): void {
  if (decoded.chainId === null) throw new EvmError('notReplayProtected', 'only replay-protected (EIP-155) transactions are taken: sign with the chain id');
  if (decoded.chainId !== rules.evmChainId) throw new EvmError('wrongChainId', `invalid chain id: signed for ${decoded.chainId}, this chain is ${rules.evmChainId}`);
  if (decoded.gasLimit > rules.txGasLimit) throw new EvmError('gasLimitTooHigh', `gas limit ${decoded.gasLimit} exceeds ${rules.txGasLimit}, the most that one transaction may use`);
  if (decoded.nonce > MAX_NONCE) throw new EvmError('nonceOverflow', `nonce ${decoded.nonce} is past the last one (EIP-2681)`);
  if (decoded.maxPriorityFeePerGas > decoded.maxFeePerGas) throw new EvmError('feeCapBelowTip', 'max priority fee per gas is higher than max fee per gas');
  if (decoded.to === null && decoded.data.length > MAX_INIT_CODE_BYTES) {
    throw new EvmError('initCodeTooLarge', `init code of ${decoded.data.length} bytes; at most ${MAX_INIT_CODE_BYTES} may be (EIP-3860)`);
  }
}

function toInteger(bytes: Bytes): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}
