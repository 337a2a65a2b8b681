import { fromHex, LedgerError, to0x, type Bytes } from '../encoding/index.js';
import { inclusionProof } from '../merkle/tree.js';
import type { Block } from './block.js';
import { decodeCertificate, encodeCertificate, type Certificate } from './certificate.js';
import type { Genesis } from './genesis.js';
import { decodeHeader, encodeHeader, type Header } from './header.js';
import type { FaultModel } from './quorum.js';
import { encodeTxResult, type TxResult } from './result.js';
import { MAX_VALIDATOR_CHANGES, type ValidatorChange } from './validator-change.js';
import { decodeValidators, encodeValidators } from './validators.js';

/** The JSON document that `stele_getReceipt` answers and that verifies offline. Bytes are 0x hex, gas a decimal text. */
export interface Receipt {
  format: 'stele-receipt';
  version: 1;
  genesisHash: string;
  faultModel: FaultModel;
  /** The raw signed transaction. */
  transaction: string;
  transactionIndex: number;
  /** RFC 6962 audit path from the transaction to the header's txRoot. */
  transactionPath: readonly string[];
  result: ReceiptResult;
  /** From the result to the header's receiptsRoot. */
  resultPath: readonly string[];
  /** Canonical header. */
  header: string;
  /** Canonical commit certificate of that header. */
  certificate: string;
  /** Every change of the validator set between genesis and this height, the lowest first. */
  validatorChanges: readonly ReceiptChange[];
}

/** The header whose next validators are others than its own, its commit, and who votes from the next height on: canonical. */
export interface ReceiptChange {
  header: string;
  certificate: string;
  nextValidators: string;
}

export interface ReceiptResult {
  transactionHash: string;
  status: 0 | 1;
  gasUsed: string;
  contractAddress: string | null;
  logs: readonly { address: string; topics: readonly string[]; data: string }[];
}

export interface ReceiptParts {
  genesis: Pick<Genesis, 'faultModel'>;
  block: Pick<Block, 'header' | 'transactions'>;
  results: readonly TxResult[];
  index: number;
  certificate: Certificate;
  /** All changes of the set below the block, the lowest first. */
  validatorChanges: readonly ValidatorChange[];
}

/**
 * The receipt of transaction `index` of a decided block.
 * @throws LedgerError `badReceipt` where the block has no such transaction.
 */
export function buildReceipt(parts: ReceiptParts): Receipt {
  const { block, results, index } = parts;
  const result = results[index];
  const transaction = block.transactions[index];
  if (result === undefined || transaction === undefined) throw new LedgerError('badReceipt', `block ${block.header.height} has no transaction ${index}`);
  return {
    format: 'stele-receipt',
    version: 1,
    genesisHash: to0x(block.header.genesisHash),
    faultModel: parts.genesis.faultModel,
    transaction: to0x(transaction),
    transactionIndex: index,
    transactionPath: inclusionProof(block.transactions, index).map(to0x),
    result: resultToJson(result),
    resultPath: inclusionProof(results.map(encodeTxResult), index).map(to0x),
    header: to0x(encodeHeader(block.header)),
    certificate: to0x(encodeCertificate(parts.certificate)),
    validatorChanges: parts.validatorChanges.map((change) => ({
      header: to0x(encodeHeader(change.header)), certificate: to0x(encodeCertificate(change.certificate)), nextValidators: to0x(encodeValidators(change.nextValidators)),
    })),
  };
}

export function resultToJson(result: TxResult): ReceiptResult {
  return {
    transactionHash: to0x(result.transactionHash),
    status: result.status,
    gasUsed: result.gasUsed.toString(),
    contractAddress: result.contractAddress === null ? null : to0x(result.contractAddress),
    logs: result.logs.map((log) => ({ address: to0x(log.address), topics: log.topics.map(to0x), data: to0x(log.data) })),
  };
}

/** A receipt's parts, decoded. */
export interface ReadReceipt {
  genesisHash: Bytes;
  faultModel: FaultModel;
  transaction: Bytes;
  transactionIndex: number;
  transactionPath: Bytes[];
  result: TxResult;
  resultPath: Bytes[];
  header: Header;
  certificate: Certificate;
  validatorChanges: ValidatorChange[];
}

const MAX_PATH = 64;

/**
 * Reads a receipt document strictly: each field present, of its type, and nothing else in it.
 * @throws LedgerError that names the field.
 */
export function readReceipt(value: unknown): ReadReceipt {
  const receipt = fields(value, 'the receipt', ['format', 'version', 'genesisHash', 'faultModel', 'transaction', 'transactionIndex', 'transactionPath', 'result', 'resultPath', 'header', 'certificate', 'validatorChanges']);
  if (receipt['format'] !== 'stele-receipt') throw bad('format', 'is not stele-receipt');
  if (receipt['version'] !== 1) throw new LedgerError('badVersion', `version ${String(receipt['version'])} of stele-receipt is not known (this program knows 1)`);
  if (receipt['faultModel'] !== 'BFT' && receipt['faultModel'] !== 'CFT') throw bad('faultModel', 'is neither BFT nor CFT');
  return {
    genesisHash: hex(receipt['genesisHash'], 'genesisHash', 32),
    faultModel: receipt['faultModel'],
    transaction: hex(receipt['transaction'], 'transaction'),
    transactionIndex: index(receipt['transactionIndex'], 'transactionIndex'),
    transactionPath: path(receipt['transactionPath'], 'transactionPath'),
    result: readResult(receipt['result']),
    resultPath: path(receipt['resultPath'], 'resultPath'),
    header: decodeHeader(hex(receipt['header'], 'header')),
    certificate: decodeCertificate(hex(receipt['certificate'], 'certificate')),
    validatorChanges: readChanges(receipt['validatorChanges']),
  };
}

/** Whether the changes hold, and follow one another, is the light client's question. */
function readChanges(value: unknown): ValidatorChange[] {
  if (!Array.isArray(value) || value.length > MAX_VALIDATOR_CHANGES) throw new LedgerError('validatorChanges', `validatorChanges is no list of at most ${MAX_VALIDATOR_CHANGES}`);
  return value.map((entry: unknown, i) => {
    try {
      const change = fields(entry, `validatorChanges[${i}]`, ['header', 'certificate', 'nextValidators']);
      const bytes = (field: string): Bytes => hex(change[field], `validatorChanges[${i}].${field}`);
      return { header: decodeHeader(bytes('header')), certificate: decodeCertificate(bytes('certificate')), nextValidators: decodeValidators(bytes('nextValidators')) };
    } catch (error) {
      throw error instanceof LedgerError ? new LedgerError('validatorChanges', `validatorChanges[${i}]: ${error.message}`) : error;
    }
  });
}

function readResult(value: unknown): TxResult {
  const result = fields(value, 'result', ['transactionHash', 'status', 'gasUsed', 'contractAddress', 'logs']);
  const { status, gasUsed, contractAddress, logs } = result;
  if (status !== 0 && status !== 1) throw bad('result.status', 'is neither 0 nor 1');
  if (typeof gasUsed !== 'string' || !/^(0|[1-9][0-9]{0,19})$/.test(gasUsed)) throw bad('result.gasUsed', 'is no decimal text');
  if (!Array.isArray(logs)) throw bad('result.logs', 'is no list');
  return {
    transactionHash: hex(result['transactionHash'], 'result.transactionHash', 32),
    status,
    gasUsed: BigInt(gasUsed),
    contractAddress: contractAddress === null ? null : hex(contractAddress, 'result.contractAddress', 20),
    logs: logs.map((entry: unknown, i) => {
      const log = fields(entry, `result.logs[${i}]`, ['address', 'topics', 'data']);
      if (!Array.isArray(log['topics'])) throw bad(`result.logs[${i}].topics`, 'is no list');
      return {
        address: hex(log['address'], `result.logs[${i}].address`, 20),
        topics: log['topics'].map((topic: unknown) => hex(topic, `result.logs[${i}].topics`, 32)),
        data: hex(log['data'], `result.logs[${i}].data`),
      };
    }),
  };
}

function bad(field: string, why: string): LedgerError {
  return new LedgerError('badReceipt', `${field} ${why}`);
}

function fields(value: unknown, name: string, allowed: readonly string[]): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw bad(name, 'is no object');
  const keys = Object.keys(value);
  const missing = allowed.find((key) => !keys.includes(key));
  const unknown = keys.find((key) => !allowed.includes(key));
  if (missing !== undefined) throw bad(name, `has no ${missing}`);
  if (unknown !== undefined) throw bad(name, `has a field that this program does not know: ${unknown}`);
  return value as Record<string, unknown>;
}

function hex(value: unknown, field: string, length?: number): Bytes {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-f]{2})*$/.test(value)) throw bad(field, 'is not lowercase 0x hex');
  const bytes = fromHex(value);
  if (length !== undefined && bytes.length !== length) throw bad(field, `has ${bytes.length} bytes instead of ${length}`);
  return bytes;
}

function index(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw bad(field, 'is no u32');
  return value;
}

function path(value: unknown, field: string): Bytes[] {
  if (!Array.isArray(value) || value.length > MAX_PATH) throw bad(field, 'is no path');
  return value.map((entry: unknown) => hex(entry, field, 32));
}
