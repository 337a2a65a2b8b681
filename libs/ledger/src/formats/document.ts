import { fromHex, LedgerError, to0x, type Bytes } from '../encoding/index.js';
import { decodeCertificate, encodeCertificate, type Certificate } from './certificate.js';
import type { Genesis } from './genesis.js';
import { decodeHeader, encodeHeader, type Header } from './header.js';
import type { FaultModel } from './quorum.js';
import { MAX_VALIDATOR_CHANGES, type ValidatorChange } from './validator-change.js';
import { decodeValidators, encodeValidators } from './validators.js';

/** What every document holds that verifies offline against genesis: a header, its commit, and the way from genesis's validators to its own. */
export interface CertifiedDocument {
  genesisHash: string;
  faultModel: FaultModel;
  /** Canonical header. */
  header: string;
  /** Canonical commit certificate of that header. */
  certificate: string;
  /** Every change of the validator set between genesis and this height, the lowest first. */
  validatorChanges: readonly DocumentChange[];
}

/** The header whose next validators are others than its own, its commit, and who votes from the next height on: canonical. */
export interface DocumentChange {
  header: string;
  certificate: string;
  nextValidators: string;
}

export interface CertifiedParts {
  genesis: Pick<Genesis, 'faultModel'>;
  header: Header;
  certificate: Certificate;
  /** All changes of the set below the block, the lowest first. */
  validatorChanges: readonly ValidatorChange[];
}

/** The same, decoded. */
export interface ReadCertified {
  genesisHash: Bytes;
  faultModel: FaultModel;
  header: Header;
  certificate: Certificate;
  validatorChanges: ValidatorChange[];
}

export const CERTIFIED_FIELDS = ['genesisHash', 'faultModel', 'header', 'certificate', 'validatorChanges'] as const;

export function certifiedToJson({ genesis, header, certificate, validatorChanges }: CertifiedParts): CertifiedDocument {
  return {
    genesisHash: to0x(header.genesisHash),
    faultModel: genesis.faultModel,
    header: to0x(encodeHeader(header)),
    certificate: to0x(encodeCertificate(certificate)),
    validatorChanges: validatorChanges.map((change) => ({
      header: to0x(encodeHeader(change.header)), certificate: to0x(encodeCertificate(change.certificate)), nextValidators: to0x(encodeValidators(change.nextValidators)),
    })),
  };
}

/** @throws LedgerError that names the field. */
export function readCertified(document: Record<string, unknown>): ReadCertified {
  const { faultModel } = document;
  if (faultModel !== 'BFT' && faultModel !== 'CFT') throw bad('faultModel', 'is neither BFT nor CFT');
  return {
    genesisHash: hex(document['genesisHash'], 'genesisHash', 32),
    faultModel,
    header: decodeHeader(hex(document['header'], 'header')),
    certificate: decodeCertificate(hex(document['certificate'], 'certificate')),
    validatorChanges: readChanges(document['validatorChanges']),
  };
}

const MAX_PATH = 64;

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

export function bad(field: string, why: string): LedgerError {
  return new LedgerError('badReceipt', `${field} ${why}`);
}

export function fields(value: unknown, name: string, allowed: readonly string[]): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw bad(name, 'is no object');
  const keys = Object.keys(value);
  const missing = allowed.find((key) => !keys.includes(key));
  const unknown = keys.find((key) => !allowed.includes(key));
  if (missing !== undefined) throw bad(name, `has no ${missing}`);
  if (unknown !== undefined) throw bad(name, `has a field that this program does not know: ${unknown}`);
  return value as Record<string, unknown>;
}

export function hex(value: unknown, field: string, length?: number): Bytes {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-f]{2})*$/.test(value)) throw bad(field, 'is not lowercase 0x hex');
  const bytes = fromHex(value);
  if (length !== undefined && bytes.length !== length) throw bad(field, `has ${bytes.length} bytes instead of ${length}`);
  return bytes;
}

export function index(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw bad(field, 'is no u32');
  return value;
}

export function path(value: unknown, field: string): Bytes[] {
  if (!Array.isArray(value) || value.length > MAX_PATH) throw bad(field, 'is no path');
  return value.map((entry: unknown) => hex(entry, field, 32));
}
