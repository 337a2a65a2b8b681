import { equalBytes, genesisFromJson, LedgerError, to0x, toHex, type Bytes, type Genesis, type ReadCertified } from '#ledger';
import { checkHeader } from './check-header.js';
import { verifyFounders, type FounderStatus } from './founders.js';
import { Refused } from './refused.js';
import type { ReceiptFault, RefusedReceipt, VerifiedDocument, VerifyOptions } from './result.js';
import { newestHead } from './trusted-head.js';

/**
 * What a document of either kind must be before its own content counts: read strictly, of the chain of this genesis, its header
 * certified by a quorum of the validators of its height.
 * @param what the document is called.
 */
export function verifyCertified<T extends ReadCertified>(genesisFile: unknown, read: () => T, fallback: ReceiptFault, what: string, options: VerifyOptions): { document: T; verified: VerifiedDocument } {
  const { trustedHead } = options;
  const { genesis, genesisHash, founders } = readGenesis(genesisFile, options);
  const document = coded(fallback, read);
  if (!equalBytes(document.genesisHash, genesisHash)) throw new Refused('otherChain', `the ${what} is of chain ${to0x(document.genesisHash)}, the genesis file of chain ${to0x(genesisHash)}`);
  const { hash, validators, power } = checkHeader(document, genesis, trustedHead);
  if (document.faultModel !== genesis.faultModel) throw new Refused('faultModelMismatch', `the ${what} says ${document.faultModel}, genesis says ${genesis.faultModel}`);
  const { header, certificate } = document;
  const verified: VerifiedDocument = {
    ok: true,
    genesisHash: to0x(genesisHash),
    genesisAuthenticated: options.genesisHash !== undefined,
    faultModel: genesis.faultModel,
    height: header.height,
    blockHash: to0x(hash),
    timeMs: header.timeMs,
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
  return { document, verified };
}

/** Runs a verification; what it refuses becomes its answer. */
export function answered<T>(verify: () => T): T | RefusedReceipt {
  try {
    return verify();
  } catch (error) {
    if (error instanceof Refused) return { ok: false, code: error.code, message: error.message };
    throw error;
  }
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

function warningsOf(options: VerifyOptions, genesis: Genesis, genesisHash: Bytes, founders: readonly FounderStatus[]): VerifiedDocument['warnings'] {
  const warnings: VerifiedDocument['warnings'] = [];
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
export function coded<T>(fallback: ReceiptFault, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    throw new Refused(error.code === 'validatorChanges' ? 'validatorChanges' : fallback, error.message);
  }
}
