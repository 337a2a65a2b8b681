import { Address } from '@ethereumjs/util';
import { RLP } from '@ethereumjs/rlp';
import { toHex, type Bytes, type Log } from '#ledger';
import { EMPTY_CODE_HASH, keccak256 } from '../src/crypto/keccak.js';
import { EvmError } from '../src/errors.js';
import type { EvmBlock } from '../src/execute/environment.js';
import type { Lane } from '../src/execute/lane.js';
import type { Message } from '../src/execute/message.js';
import { checkPlace, runTransaction } from '../src/execute/run-transaction.js';
import { effectsOf } from '../src/state/changes.js';
import { Overlay, type BaseState } from '../src/state/overlay.js';
import { decodeTransaction, recoverSender } from '../src/transaction/decode.js';
import { MAX_INIT_CODE_BYTES } from '../src/transaction/intrinsic.js';
import { bytesOf, numberOf, wordOf, type AccountText, type Post, type StateTest } from './cases.js';
import { blobGasPrice, buyGas, effectiveGasPrice, feeFault, settle, touchCoinbase, type FeeBlock, type Fees } from './fees.js';
import type { Fork } from './forks.js';
import { standardRoot } from './standard-root.js';

const BLOB_GAS = 131_072n;
const MAX_BLOBS = 6;
const MAX_NONCE = (1n << 64n) - 1n;

function storageWithoutCode(pre: StateTest['pre']): ReadonlySet<string> {
  const stray = Object.entries(pre).filter(([, { code, nonce, storage }]) => code === '0x' && numberOf(nonce) === 0n && Object.keys(storage).length > 0);
  return new Set(stray.map(([address]) => address.slice(2).toLowerCase()));
}

export interface CaseResult {
  /** Null where it passed. */
  fault: string | null;
}

/** The state before, as the store of a chain gets it. */
export function seed(overlay: Overlay, pre: Readonly<Record<string, AccountText>>): void {
  for (const [text, { balance, nonce, code, storage }] of Object.entries(pre)) {
    const address = bytesOf(text);
    overlay.setAccount(address, { nonce: numberOf(nonce), balance: numberOf(balance), codeHash: EMPTY_CODE_HASH });
    if (code !== '0x') overlay.setCode(address, bytesOf(code));
    for (const [slot, value] of Object.entries(storage)) overlay.setStorage(address, wordOf(slot), wordOf(value));
  }
}

/** One transaction on the test's state; what it leaves is compared by the standard root and the logs. */
export async function runCase(lane: Lane, base: BaseState, test: StateTest, fork: Fork, post: Post): Promise<CaseResult> {
  const overlay = new Overlay(base);
  const { environment, fees: feeBlock } = blockOf(test, fork);
  const { message, fees } = messageOf(test, fork, post);
  const refused = decodingFault(test, message, post) ?? faultOf(overlay, message, fees, feeBlock, test, fork);
  let logs: readonly Log[] = [];
  if (refused === null) {
    const gasPrice = effectiveGasPrice(fees, feeBlock);
    buyGas(overlay, message, gasPrice, fees, feeBlock);
    lane.breath.begin({});
    lane.state.storageWithoutCode = storageWithoutCode(test.pre);
    const outcome = await runTransaction(lane, overlay, environment, { ...message, gasPrice });
    if (outcome === null) return { fault: 'the EVM library threw' };
    settle(overlay, message, outcome.gasUsed, gasPrice, feeBlock, fork);
    ({ logs } = outcome);
  } else touchCoinbase(overlay, feeBlock, 0n, fork);
  if ((refused !== null) !== (post.expectException !== undefined)) return { fault: refused === null ? `taken, and must be refused: ${post.expectException ?? ''}` : `refused: ${refused}` };
  if (refused !== null && !(post.expectException ?? '').includes(refused)) return { fault: `refused as ${refused}, and must be as ${post.expectException ?? ''}` };
  // What a block would put on the chain's own tree must be there to be put.
  effectsOf(overlay, base);
  const root = await standardRoot(overlay, test.pre, !fork.since('EIP158'));
  if (root !== post.hash) return { fault: `state root ${root}, not ${post.hash}` };
  const logsHash = `0x${toHex(keccak256(RLP.encode(logs.map(({ address, topics, data }) => [address, [...topics], data]))))}`;
  return { fault: logsHash === post.logs ? null : `logs ${logsHash}, not ${post.logs}` };
}

function blockOf({ env }: StateTest, fork: Fork): { environment: EvmBlock; fees: FeeBlock } {
  const coinbase = bytesOf(env.currentCoinbase);
  const baseFee = fork.since('London') ? numberOf(env.currentBaseFee ?? '0x0') : 0n;
  const price = fork.since('Cancun') ? blobGasPrice(numberOf(env.currentExcessBlobGas ?? '0x0')) : 0n;
  const environment = {
    header: {
      number: numberOf(env.currentNumber), coinbase: new Address(coinbase), timestamp: numberOf(env.currentTimestamp), difficulty: fork.since('Paris') ? 0n : numberOf(env.currentDifficulty),
      prevRandao: wordOf(env.currentRandom ?? env.currentDifficulty), gasLimit: numberOf(env.currentGasLimit), baseFeePerGas: baseFee, getBlobGasPrice: () => price,
    },
  };
  return { environment, fees: { coinbase, baseFee, blobGasPrice: price } };
}

function messageOf({ transaction }: StateTest, fork: Fork, { indexes }: Post): { message: Message; fees: Fees } {
  const data = bytesOf(transaction.data[indexes.data] ?? '0x');
  const to = transaction.to === '' ? null : bytesOf(transaction.to);
  const accessList = (transaction.accessLists?.[indexes.data] ?? []).map(({ address, storageKeys }) => ({ address: bytesOf(address), storageKeys: storageKeys.map(wordOf) }));
  const { blobVersionedHashes, maxFeePerBlobGas } = transaction;
  const message: Message = {
    sender: bytesOf(transaction.sender), nonce: numberOf(transaction.nonce), gasLimit: numberOf(transaction.gasLimit[indexes.gas] ?? '0x0'), to, value: numberOf(transaction.value[indexes.value] ?? '0x0'),
    data, accessList, ...fork.intrinsicGas(to, data, accessList), ...(blobVersionedHashes === undefined ? {} : { blobVersionedHashes }),
  };
  const maxFeePerGas = numberOf(transaction.maxFeePerGas ?? transaction.gasPrice ?? '0x0');
  const blobs = blobVersionedHashes === undefined ? null : { gas: BLOB_GAS * BigInt(blobVersionedHashes.length), maxFeePerGas: numberOf(maxFeePerBlobGas ?? '0x0') };
  return { message, fees: { maxFeePerGas, maxPriorityFeePerGas: transaction.maxPriorityFeePerGas === undefined ? maxFeePerGas : numberOf(transaction.maxPriorityFeePerGas), blobs } };
}

/** Why no block may hold the transaction, by the name that the tests have for it; null where one may. */
function faultOf(overlay: Overlay, message: Message, fees: Fees, block: FeeBlock, { env }: StateTest, fork: Fork): string | null {
  const { blobVersionedHashes } = message;
  if (blobVersionedHashes !== undefined) {
    if (message.to === null) return 'TYPE_3_TX_CONTRACT_CREATION';
    if (blobVersionedHashes.length === 0) return 'TYPE_3_TX_ZERO_BLOBS';
    if (blobVersionedHashes.length > MAX_BLOBS) return 'TYPE_3_TX_BLOB_COUNT_EXCEEDED';
    if (blobVersionedHashes.some((hash) => !hash.startsWith('0x01'))) return 'TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH';
  }
  if (message.nonce >= MAX_NONCE) return 'NONCE_IS_MAX';
  if (fork.since('Shanghai') && message.to === null && message.data.length > MAX_INIT_CODE_BYTES) return 'INITCODE_SIZE_EXCEEDED';
  const place = checkPlace(overlay, message, numberOf(env.currentGasLimit));
  if (place === 'senderHasCode' && fork.since('London')) return 'SENDER_NOT_EOA';
  if (place === 'blockGasExceeded') return 'GAS_ALLOWANCE_EXCEEDED';
  const unpaid = feeFault(overlay, message, fees, block);
  if (unpaid !== null) return unpaid;
  if (place === 'nonceTooLow' || place === 'nonceTooHigh') return place === 'nonceTooLow' ? 'NONCE_MISMATCH_TOO_LOW' : 'NONCE_MISMATCH_TOO_HIGH';
  const least = message.intrinsicGas > message.floorGas ? message.intrinsicGas : message.floorGas;
  return message.gasLimit < least ? 'INTRINSIC_GAS_TOO_LOW' : null;
}

/** The bytes of the transaction must say what its fields say, and be signed by its sender. Types 0 to 2: a chain refuses the others. */
function decodingFault({ transaction }: StateTest, message: Message, { txbytes }: Post): string | null {
  const raw = bytesOf(txbytes);
  if (raw.length === 0 || raw[0] === 3 || raw[0] === 4) return null;
  try {
    const decoded = decodeTransaction(raw);
    const sender = recoverSender(raw);
    const same = sender !== null && toHex(sender) === toHex(message.sender) && decoded.nonce === message.nonce && decoded.gasLimit === message.gasLimit && decoded.value === message.value
      && textOf(decoded.to) === textOf(message.to) && toHex(decoded.data) === toHex(message.data) && decoded.accessList.length === message.accessList.length;
    return same ? null : `its bytes say something else than its fields (${transaction.sender})`;
  } catch (error) {
    if (error instanceof EvmError) return `DECODING ${error.message}`;
    throw error;
  }
}

const textOf = (bytes: Bytes | null): string => (bytes === null ? '' : toHex(bytes));
