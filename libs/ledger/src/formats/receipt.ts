import { LedgerError, to0x, type Bytes } from '../encoding/index.js';
import { inclusionProof } from '../merkle/tree.js';
import type { Block } from './block.js';
import type { Certificate } from './certificate.js';
import { bad, CERTIFIED_FIELDS, certifiedToJson, fields, hex, index, path, readCertified, type CertifiedDocument, type ReadCertified } from './document.js';
import type { Genesis } from './genesis.js';
import { encodeTxResult, type TxResult } from './result.js';
import type { ValidatorChange } from './validator-change.js';

/** The JSON document that `stele_getReceipt` answers and that verifies offline. Bytes are 0x hex, gas a decimal text. */
export interface Receipt extends CertifiedDocument {
  format: 'stele-receipt';
  version: 1;
  /** The raw signed transaction. */
  transaction: string;
  transactionIndex: number;
  /** RFC 6962 audit path from the transaction to the header's txRoot. */
  transactionPath: readonly string[];
  result: ReceiptResult;
  /** From the result to the header's receiptsRoot. */
  resultPath: readonly string[];
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
    ...certifiedToJson({ ...parts, header: block.header }),
    transaction: to0x(transaction),
    transactionIndex: index,
    transactionPath: inclusionProof(block.transactions, index).map(to0x),
    result: resultToJson(result),
    resultPath: inclusionProof(results.map(encodeTxResult), index).map(to0x),
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
export interface ReadReceipt extends ReadCertified {
  transaction: Bytes;
  transactionIndex: number;
  transactionPath: Bytes[];
  result: TxResult;
  resultPath: Bytes[];
}

/**
 * Reads a receipt document strictly: each field present, of its type, and nothing else in it.
 * @throws LedgerError that names the field.
 */
export function readReceipt(value: unknown): ReadReceipt {
  const receipt = fields(value, 'the receipt', ['format', 'version', ...CERTIFIED_FIELDS, 'transaction', 'transactionIndex', 'transactionPath', 'result', 'resultPath']);
  if (receipt['format'] !== 'stele-receipt') throw bad('format', 'is not stele-receipt');
  if (receipt['version'] !== 1) throw new LedgerError('badVersion', `version ${String(receipt['version'])} of stele-receipt is not known (this program knows 1)`);
  return {
    ...readCertified(receipt),
    transaction: hex(receipt['transaction'], 'transaction'),
    transactionIndex: index(receipt['transactionIndex'], 'transactionIndex'),
    transactionPath: path(receipt['transactionPath'], 'transactionPath'),
    result: readResult(receipt['result']),
    resultPath: path(receipt['resultPath'], 'resultPath'),
  };
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
