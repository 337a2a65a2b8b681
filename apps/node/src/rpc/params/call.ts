import type { AccessListEntry, CallRequest, StateOverride } from '#evm';
import { equalBytes, fromHex, type Bytes } from '#ledger';
import { invalidParams, serverError } from '../errors.js';
import { field, fieldsOf, listOf, wrong, type Read } from './parser.js';
import { address, data, hash, quantity, quantity64 } from './values.js';

const MAX_ACCESS_LIST = 10_000;
const MAX_OVERRIDES = 1000;
const MAX_OVERRIDE_SLOTS = 10_000;

const accessListEntry: Read<AccessListEntry> = (value, where) => {
  const fields = fieldsOf(value, where);
  const entryAddress = field(fields, 'address', where, address);
  if (entryAddress === undefined) throw wrong(where, 'has no address');
  return { address: entryAddress, storageKeys: field(fields, 'storageKeys', where, listOf(hash, MAX_ACCESS_LIST)) ?? [] };
};

/** A call as it was asked for; what names a chain must be checked where the chain is known. */
export interface CallParam {
  request: CallRequest;
  chainId: bigint | undefined;
}

/**
 * The transaction object of `eth_call` and `eth_estimateGas` (Geth's TransactionArgs). Fees are read for their form and then left
 * aside: this chain charges none.
 */
export const call: Read<CallParam> = (value, where) => {
  const fields = fieldsOf(value, where);
  for (const name of ['blobVersionedHashes', 'blobs', 'maxFeePerBlobGas']) {
    if (fields[name] !== undefined && fields[name] !== null) throw wrong(where, `${name}: this chain takes no blob transactions (type 3)`);
  }
  if (fields['authorizationList'] !== undefined && fields['authorizationList'] !== null) throw wrong(where, 'authorizationList: this chain takes no set-code transactions (type 4)');
  const gasPrice = field(fields, 'gasPrice', where, quantity);
  const maxFee = field(fields, 'maxFeePerGas', where, quantity);
  const tip = field(fields, 'maxPriorityFeePerGas', where, quantity);
  if (gasPrice !== undefined && (maxFee !== undefined || tip !== undefined)) throw serverError('both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified');
  if (maxFee !== undefined && tip !== undefined && tip > maxFee) throw serverError('max priority fee per gas higher than max fee per gas');
  field(fields, 'nonce', where, quantity64);
  return {
    chainId: field(fields, 'chainId', where, quantity),
    request: {
      from: field(fields, 'from', where, address),
      to: field(fields, 'to', where, address) ?? null,
      gasLimit: field(fields, 'gas', where, quantity64),
      value: field(fields, 'value', where, quantity),
      data: inputOf(fields, where),
      accessList: field(fields, 'accessList', where, listOf(accessListEntry, MAX_ACCESS_LIST)),
    },
  };
};

/** `input` is the name, `data` the old one. */
function inputOf(fields: Record<string, unknown>, where: string): Bytes | undefined {
  const input = field(fields, 'input', where, data);
  const old = field(fields, 'data', where, data);
  if (input !== undefined && old !== undefined && !equalBytes(input, old)) {
    throw invalidParams('both "data" and "input" are set and not equal. Please use "input" to pass transaction call data');
  }
  return input ?? old;
}

/** Geth's override set: `{ [address]: { balance, nonce, code, state, stateDiff } }`. */
export const overrides: Read<StateOverride[]> = (value, where) => {
  const entries = Object.entries(fieldsOf(value, where));
  if (entries.length > MAX_OVERRIDES) throw wrong(where, `names ${entries.length} accounts, at most ${MAX_OVERRIDES} may be`);
  return entries.map(([key, override]) => overrideOf(address(key, where), override, `${where}.${key}`));
};

function overrideOf(account: Bytes, value: unknown, where: string): StateOverride {
  const fields = fieldsOf(value, where);
  if (fields['movePrecompileToAddress'] !== undefined) throw wrong(where, 'movePrecompileToAddress is not supported');
  const state = field(fields, 'state', where, slots);
  const stateDiff = field(fields, 'stateDiff', where, slots);
  if (state !== undefined && stateDiff !== undefined) throw wrong(where, 'has both state and stateDiff');
  return {
    address: account,
    balance: field(fields, 'balance', where, quantity),
    nonce: field(fields, 'nonce', where, quantity64),
    code: field(fields, 'code', where, data),
    state,
    stateDiff,
  };
}

const slots: Read<{ slot: Bytes; value: Bytes }[]> = (value, where) => {
  const entries = Object.entries(fieldsOf(value, where));
  if (entries.length > MAX_OVERRIDE_SLOTS) throw wrong(where, `names ${entries.length} slots, at most ${MAX_OVERRIDE_SLOTS} may be`);
  return entries.map(([key, word]) => ({ slot: fromHex(hashText(key, where)), value: hash(word, `${where}.${key}`) }));
};

function hashText(key: string, where: string): string {
  if (!/^0x[0-9a-fA-F]{64}$/.test(key)) throw wrong(where, `a slot must be 0x and 64 hex digits, is ${key.slice(0, 70)}`);
  return key;
}
