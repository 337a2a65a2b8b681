import { compareBytes, MAX_TRANSACTION_BYTES, toHex, type Bytes } from '#ledger';
import { keccak256 } from '../crypto/keccak.js';
import { EvmError } from '../errors.js';
import type { AccessListEntry, AdmittedTransaction } from './admitted.js';
import { decodeTransaction, lastS, recoverSender, type DecodedTransaction, type TransactionSignature } from './decode.js';
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

/** An admitted transaction that keeps little: what it is asked for it makes from its bytes and keys. */
class Admitted implements AdmittedTransaction {
  constructor(
    private readonly fields: DecodedTransaction,
    readonly key: string,
    readonly senderKey: string,
    private readonly intrinsic: number,
    private readonly floor: number,
  ) {}

  get hash(): Bytes {
    return bytesOf(this.key);
  }

  get sender(): Bytes {
    return bytesOf(this.senderKey);
  }

  get intrinsicGas(): bigint {
    return BigInt(this.intrinsic);
  }

  get floorGas(): bigint {
    return BigInt(this.floor);
  }

  get raw(): Bytes {
    return this.fields.raw;
  }

  get type(): 0 | 1 | 2 {
    return this.fields.type;
  }

  get nonce(): bigint {
    return this.fields.nonce;
  }

  get gasLimit(): bigint {
    return this.fields.gasLimit;
  }

  get to(): Bytes | null {
    return this.fields.to;
  }

  get value(): bigint {
    return this.fields.value;
  }

  get data(): Bytes {
    return this.fields.data;
  }

  get accessList(): readonly AccessListEntry[] {
    return this.fields.accessList;
  }

  get maxFeePerGas(): bigint {
    return this.fields.maxFeePerGas;
  }

  get maxPriorityFeePerGas(): bigint {
    return this.fields.maxPriorityFeePerGas;
  }

  get signature(): TransactionSignature {
    return this.fields.signature;
  }
}

/** Node's own routine, without the argument checks of `write`. */
const { hexWrite } = Buffer.prototype as unknown as { hexWrite(this: Uint8Array, hex: string, at: number, length: number): number };

function bytesOf(hex: string): Bytes {
  const bytes = new Uint8Array(hex.length >> 1);
  hexWrite.call(bytes, hex, 0, bytes.length);
  return bytes;
}

/**
 * Checks a raw transaction and recovers its sender. The transaction keeps views of `raw`, which nobody may change any more.
 * @param hash its Keccak-256, where the caller has it already.
 * @param known who signed it, where this program has recovered that already (RecoveryThreads).
 * @throws EvmError with a TransactionErrorCode.
 */
export function admitTransaction(raw: Bytes, rules: AdmissionRules, hash: Bytes = keccak256(raw), known?: Bytes): AdmittedTransaction {
  if (raw.length > MAX_TRANSACTION_BYTES) throw new EvmError('transactionTooLarge', `${raw.length} bytes; a transaction may have ${MAX_TRANSACTION_BYTES}`);
  const decoded = decodeTransaction(raw);
  checkRules(decoded, rules);
  const gas = intrinsicGasOf(decoded.to, decoded.data, decoded.accessList);
  const least: number = gas.intrinsicGas > gas.floorGas ? gas.intrinsicGas : gas.floorGas;
  if (decoded.gasLimit < BigInt(least)) throw new EvmError('intrinsicGasTooLow', `intrinsic gas too low: gas limit ${decoded.gasLimit}, the transaction needs at least ${least}`);
  if (compareBytes(lastS(), HALF_ORDER) > 0) throw new EvmError('highS', 'the signature’s s is in the upper half of the curve’s order (EIP-2)');
  const sender = known ?? recoverSender(raw);
  if (sender === null) throw new EvmError('badSignature', 'no key can have made this signature');
  return new Admitted(decoded, toHex(hash), toHex(sender), gas.intrinsicGas, gas.floorGas);
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
