import { LedgerError, to0x, type Bytes } from '../encoding/index.js';
import type { StateProof } from '../state/proof.js';
import { bad, CERTIFIED_FIELDS, certifiedToJson, fields, hex, index, readCertified, type CertifiedDocument, type CertifiedParts, type ReadCertified } from './document.js';

/** The JSON document that `stele_getProof` answers and that verifies offline: what the state held of an account, or that it held nothing. Bytes are 0x hex. */
export interface StateDocument extends CertifiedDocument {
  format: 'stele-state';
  version: 1;
  address: string;
  account: StatePath;
  /** In the order asked for. */
  storage: readonly { slot: string; path: StatePath }[];
}

/** A {@link StateProof} in text. */
export interface StatePath {
  leaf: { keyHash: string; value: string } | null;
  /** From the leaf to the root. */
  steps: readonly { bit: number; sibling: string }[];
}

export interface StateDocumentParts extends CertifiedParts {
  address: Bytes;
  account: StateProof;
  storage: readonly { slot: Bytes; proof: StateProof }[];
}

/** A document's parts, decoded. */
export interface ReadStateDocument extends ReadCertified {
  address: Bytes;
  account: StateProof;
  storage: { slot: Bytes; proof: StateProof }[];
}

export const MAX_PROVEN_SLOTS = 256;
const MAX_STEPS = 256;

export function buildStateDocument({ address, account, storage, ...certified }: StateDocumentParts): StateDocument {
  return {
    format: 'stele-state', version: 1, ...certifiedToJson(certified), address: to0x(address), account: pathToJson(account),
    storage: storage.map(({ slot, proof }) => ({ slot: to0x(slot), path: pathToJson(proof) })),
  };
}

/**
 * Reads a document strictly: each field present, of its type, and nothing else in it.
 * @throws LedgerError that names the field.
 */
export function readStateDocument(value: unknown): ReadStateDocument {
  const document = fields(value, 'the proof', ['format', 'version', ...CERTIFIED_FIELDS, 'address', 'account', 'storage']);
  if (document['format'] !== 'stele-state') throw bad('format', 'is not stele-state');
  if (document['version'] !== 1) throw new LedgerError('badVersion', `version ${String(document['version'])} of stele-state is not known (this program knows 1)`);
  const { storage } = document;
  if (!Array.isArray(storage) || storage.length > MAX_PROVEN_SLOTS) throw bad('storage', `is no list of at most ${MAX_PROVEN_SLOTS}`);
  return {
    ...readCertified(document),
    address: hex(document['address'], 'address', 20),
    account: readPath(document['account'], 'account'),
    storage: storage.map((entry: unknown, i) => {
      const { slot, path } = fields(entry, `storage[${i}]`, ['slot', 'path']);
      return { slot: hex(slot, `storage[${i}].slot`, 32), proof: readPath(path, `storage[${i}].path`) };
    }),
  };
}

function pathToJson({ leaf, steps }: StateProof): StatePath {
  return { leaf: leaf === null ? null : { keyHash: to0x(leaf.keyHash), value: to0x(leaf.value) }, steps: steps.map(({ bit, sibling }) => ({ bit, sibling: to0x(sibling) })) };
}

function readPath(value: unknown, name: string): StateProof {
  const { leaf, steps } = fields(value, name, ['leaf', 'steps']);
  if (!Array.isArray(steps) || steps.length > MAX_STEPS) throw bad(`${name}.steps`, `is no list of at most ${MAX_STEPS}`);
  const read = leaf === null ? null : fields(leaf, `${name}.leaf`, ['keyHash', 'value']);
  return {
    leaf: read === null ? null : { keyHash: hex(read['keyHash'], `${name}.leaf.keyHash`, 32), value: hex(read['value'], `${name}.leaf.value`) },
    steps: steps.map((entry: unknown, i) => {
      const step = fields(entry, `${name}.steps[${i}]`, ['bit', 'sibling']);
      return { bit: index(step['bit'], `${name}.steps[${i}].bit`), sibling: hex(step['sibling'], `${name}.steps[${i}].sibling`, 32) };
    }),
  };
}
