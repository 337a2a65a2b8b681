import { keccak_256 } from '@noble/hashes/sha3.js';
import {
  blockHash, encodeTxResult, equalBytes, genesisFromJson, genesisValidators, LedgerError, readReceipt, to0x, toHex, verifyCertificate, verifyInclusion,
  type Bytes, type FounderSignature, type Genesis, type ReadReceipt, type ValidatorSet,
} from '#ledger';
import { verifyFounders, type FounderStatus } from './founders.js';
import type { ReceiptFault, RefusedReceipt, VerifiedReceipt, VerifyOptions } from './result.js';
import { headConflict, isTrustedHead, newestHead } from './trusted-head.js';

/** Ends a verification; becomes the answer of {@link verifyReceipt}. */
class Refused extends Error {
  constructor(
    readonly code: ReceiptFault,
    message: string,
  ) {
    super(message);
  }
}

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
  const { genesis, genesisHash, validators, founders } = readGenesis(genesisFile, options);
  const receipt = coded('badReceipt', () => readReceipt(document));
  checkChain(receipt, genesis, genesisHash, validators);
  const hash = blockHash(receipt.header);
  const power = checkCertificate(receipt, hash, validators);
  checkTransaction(receipt);
  if (trustedHead !== undefined) {
    if (!isTrustedHead(trustedHead)) throw new Refused('badTrustedHead', 'the trusted head is not {genesisHash, height, blockHash, timeMs}');
    const conflict = headConflict(trustedHead, receipt.header, hash);
    if (conflict !== null) throw new Refused('trustedHeadConflict', conflict);
  }
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
  validators: ValidatorSet;
  founders: FounderStatus[];
}

function readGenesis(file: unknown, options: VerifyOptions): CheckedGenesis {
  const read = coded('badGenesisFile', (): { genesis: Genesis; genesisHash: Bytes; founders: FounderSignature[]; validators: ValidatorSet } => {
    const parts = genesisFromJson(file);
    return { ...parts, validators: genesisValidators(parts.genesis) };
  });
  const { genesis, genesisHash, validators } = read;
  if (options.genesisHash !== undefined && options.genesisHash.toLowerCase().replace(/^0x/, '') !== toHex(genesisHash)) {
    throw new Refused('genesisHashMismatch', `the genesis file hashes to ${to0x(genesisHash)}, not to ${options.genesisHash}: it is not the genesis of the chain that you mean`);
  }
  const founders = verifyFounders(genesis, genesisHash, read.founders);
  if (!founders.ok) throw new Refused(founders.code, founders.message);
  return { genesis, genesisHash, validators, founders: founders.founders };
}

/** The receipt and its header belong to this chain, and to the validators that genesis names. */
function checkChain(receipt: ReadReceipt, genesis: Genesis, genesisHash: Bytes, validators: ValidatorSet): void {
  const { header } = receipt;
  if (!equalBytes(receipt.genesisHash, genesisHash)) throw new Refused('otherChain', `the receipt is of chain ${to0x(receipt.genesisHash)}, the genesis file of chain ${to0x(genesisHash)}`);
  if (!equalBytes(header.genesisHash, genesisHash)) throw new Refused('otherChain', `the header is of chain ${to0x(header.genesisHash)}, the genesis file of chain ${to0x(genesisHash)}`);
  if (receipt.faultModel !== genesis.faultModel) throw new Refused('faultModelMismatch', `the receipt says ${receipt.faultModel}, genesis says ${genesis.faultModel}`);
  if (header.height === 0n) throw new Refused('heightZero', 'the header is of height 0; blocks begin at 1');
  if (!equalBytes(header.validatorsHash, validators.hash)) {
    throw new Refused('validatorSetMismatch', `block ${header.height} names the validator set ${to0x(header.validatorsHash)}, genesis has ${to0x(validators.hash)}, and the receipt shows no change of validators`);
  }
}

/** The certificate is a commit of exactly this header; returns the power behind it. */
function checkCertificate(receipt: ReadReceipt, hash: Bytes, validators: ValidatorSet): bigint {
  const { certificate, header, genesisHash, faultModel } = receipt;
  if (certificate.kind !== 'precommit') throw new Refused('notACommit', 'the certificate holds prevotes: they certify no decision');
  if (certificate.height !== header.height) throw new Refused('otherBlockCertified', `the certificate is of height ${certificate.height}, the header of height ${header.height}`);
  if (certificate.blockHash === null || !equalBytes(certificate.blockHash, hash)) {
    throw new Refused('otherBlockCertified', `the header hashes to ${to0x(hash)}, the certificate is for ${certificate.blockHash === null ? 'no block' : to0x(certificate.blockHash)}`);
  }
  const check = verifyCertificate(certificate, validators, faultModel, genesisHash);
  if (check.ok) return check.power;
  switch (check.code) {
    case 'notAscending':
      throw new Refused('badReceipt', 'the signatures of the certificate do not stand by ascending index');
    case 'unknownValidator':
      throw new Refused('unknownValidator', `the certificate holds a signature of validator ${check.validator}; the chain has ${validators.size}`);
    case 'badSignature':
      throw new Refused('badSignature', `the signature of validator ${check.validator} in the certificate does not hold`);
    case 'noQuorum':
      throw new Refused('noQuorum', `the certificate has ${check.power} of ${check.total} power, which is no quorum under ${faultModel}`);
  }
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
