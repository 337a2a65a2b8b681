import { keccak_256 } from '@noble/hashes/sha3.js';
import { encodeTxResult, equalBytes, readReceipt, to0x, verifyInclusion, type ReadReceipt } from '#ledger';
import { answered, coded, verifyCertified } from './certified.js';
import { Refused } from './refused.js';
import type { RefusedReceipt, VerifiedReceipt, VerifyOptions } from './result.js';

/**
 * Verifies a receipt offline: that this transaction, with this result, stands in a block that a quorum of the chain's
 * validators certified, against the genesis that the founders signed. Never throws.
 * @param genesisFile the parsed genesis file (`/v1/chains/{id}/genesis`).
 * @param receipt the parsed receipt (`stele_getReceipt`).
 */
export function verifyReceipt(genesisFile: unknown, receipt: unknown, options: VerifyOptions = {}): VerifiedReceipt | RefusedReceipt {
  return answered(() => {
    const { document, verified } = verifyCertified(genesisFile, () => readReceipt(receipt), 'badReceipt', 'receipt', options);
    checkTransaction(document);
    const { result } = document;
    return {
      ...verified,
      transactionHash: to0x(result.transactionHash),
      transactionIndex: document.transactionIndex,
      status: result.status,
      gasUsed: result.gasUsed,
      contractAddress: result.contractAddress === null ? null : to0x(result.contractAddress),
      logCount: result.logs.length,
    };
  });
}

/** Transaction and result are the leaves that the certified header commits to. */
function checkTransaction(receipt: ReadReceipt): void {
  const { header, transaction, transactionIndex: index, result } = receipt;
  const hash = keccak_256(transaction);
  if (!equalBytes(hash, result.transactionHash)) throw new Refused('transactionHashMismatch', `the transaction hashes to ${to0x(hash)}, the result is of ${to0x(result.transactionHash)}`);
  if (index >= header.txCount) throw new Refused('transactionNotIncluded', `the receipt names transaction ${index} of a block that has ${header.txCount}`);
  if (!verifyInclusion(transaction, index, header.txCount, receipt.transactionPath, header.txRoot)) {
    throw new Refused('transactionNotIncluded', `the path does not lead from this transaction, as number ${index} of ${header.txCount}, to the header's txRoot`);
  }
  const leaf = coded('badReceipt', () => encodeTxResult(result));
  if (!verifyInclusion(leaf, index, header.txCount, receipt.resultPath, header.receiptsRoot)) {
    throw new Refused('resultNotIncluded', `the path does not lead from this result (status ${result.status}, gas ${result.gasUsed}, ${result.logs.length} logs) to the header's receiptsRoot: the result or its path was altered`);
  }
}
