import { keccak_256 } from '@noble/hashes/sha3.js';
import { encodeTxResult, equalBytes, genesisFromJson, LedgerError, readReceipt, to0x, toHex, verifyInclusion, type Bytes, type Genesis, type ReadReceipt } from '#ledger';
import { checkHeader } from './check-header.js';
import { verifyFounders, type FounderStatus } from './founders.js';
import { Refused } from './refused.js';
import type { ReceiptFault, RefusedReceipt, VerifiedReceipt, VerifyOptions } from './result.js';
import { newestHead } from './trusted-head.js';

/**
 * Verifies a receipt offline: that this transaction, with this result, stands in a block that a quorum of the chain's
 * validators certified, against the genesis that the founders signed. Never throws.
 * @param genesisFile the parsed genesis file (`/v1/chains/{id}/genesis`).
 * @param receipt the parsed receipt (`stele_getReceipt`).
 */
export function verifyReceipt(genesisFile: unknown, receipt: unknown, options: VerifyOptions = {}): VerifiedReceipt | RefusedReceipt {
  try {
    return verifyAll(genesisFile, receipt, options);
  } catch (error) {
    if (error instanceof Refused) return { ok: false, code: error.code, message: error.message };
    throw error;
  }
}

function verifyAll(genesisFile: unknown, document: unknown, options: VerifyOptions): VerifiedReceipt {
  const { trustedHead } = options;
  const { genesis, genesisHash, founders } = readGenesis(genesisFile, options);
  const receipt = coded('badReceipt', () => readReceipt(document));
  if (!equalBytes(receipt.genesisHash, genesisHash)) throw new Refused('otherChain', `the receipt is of chain ${to0x(receipt.genesisHash)}, the genesis file of chain ${to0x(genesisHash)}`);
  const { hash, validators, power } = checkHeader(receipt, genesis, trustedHead);
  if (receipt.faultModel !== genesis.faultModel) throw new Refused('faultModelMismatch', `the receipt says ${receipt.faultModel}, genesis says ${genesis.faultModel}`);
  checkTransaction(receipt);
  const { header, result, certificate } = receipt;
  return {
    ok: true,
    genesisHash: to0x(genesisHash),
    genesisAuthenticated: options.genesisHash !== undefined,
    faultModel: genesis.faultModel,
    height: header.height,
    blockHash: to0x(hash),
    timeMs: header.timeMs,
    transactionHash: to0x(result.transactionHash),
    transactionIndex: receipt.transactionIndex,
    status: result.status,
    gasUsed: result.gasUsed,
    contractAddress: result.contractAddress === null ? null : to0x(result.contractAddress),
    logCount: result.logs.length,
    certificate: {
      signers: certificate.signatures.map(({ validator }) => toHex((validators.at(validator) as { publicKey: Bytes }).publicKey)),
      power,
      totalPower: validators.total,
      validators: validators.size,
    },
    founders,
    trustedHead: newestHead(trustedHead, header, hash),
    warnings: warningsOf(options, genesis, genesisHash, founders),
  };
}

interface CheckedGenesis {
  genesis: Genesis;
  genesisHash: Bytes;
  founders: FounderStatus[];
}

function readGenesis(file: unknown, options: VerifyOptions): CheckedGenesis {
  const read = coded('badGenesisFile', () => genesisFromJson(file));
  const { genesis, genesisHash } = read;
  if (options.genesisHash !== undefined && options.genesisHash.toLowerCase().replace(/^0x/, '') !== toHex(genesisHash)) {
    throw new Refused('genesisHashMismatch', `the genesis file hashes to ${to0x(genesisHash)}, not to ${options.genesisHash}: it is not the genesis of the chain that you mean`);
  }
  const founders = verifyFounders(genesis, genesisHash, read.founders);
  if (!founders.ok) throw new Refused(founders.code, founders.message);
  return { genesis, genesisHash, founders: founders.founders };
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

function warningsOf(options: VerifyOptions, genesis: Genesis, genesisHash: Bytes, founders: readonly FounderStatus[]): VerifiedReceipt['warnings'] {
  const warnings: VerifiedReceipt['warnings'] = [];
  if (options.genesisHash === undefined) {
    warnings.push({ code: 'genesisNotAuthenticated', message: `genesis not authenticated: no genesis hash was given. Ask a founder, over another channel, whether it is ${to0x(genesisHash)}` });
  }
  for (const founder of founders) {
    if (!founder.signed) warnings.push({ code: 'founderMissing', message: `the genesis file holds no signature of founder ${founder.name} (${founder.account})` });
  }
  if (genesis.faultModel === 'CFT') warnings.push({ code: 'crashFaultsOnly', message: 'the chain is CFT: its validators may crash, but nothing protects from one that lies' });
  if (options.trustedHead === undefined) {
    warnings.push({ code: 'noTrustedHead', message: 'no trusted head was given: a second history, signed with retired keys, would not be noticed' });
  }
  return warnings;
}

/** Runs a reader of the ledger and turns its errors into refusals; a bad list of validator changes keeps its own code. */
function coded<T>(fallback: ReceiptFault, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    throw new Refused(error.code === 'validatorChanges' ? 'validatorChanges' : fallback, error.message);
  }
}
