import { decodeAll, Writer, type Bytes } from '../encoding/index.js';
import { decodeCertificate, encodeCertificate, type Certificate } from './certificate.js';
import { decodeHeader, encodeHeader, type Header } from './header.js';
import { decodeValidators, encodeValidators, type Validator } from './validators.js';

/** A certificate of the largest set takes less. */
const MAX_PART_BYTES = 256 * 1024;

/** A header with the commit of its height. */
export interface SignedHeader {
  header: Header;
  certificate: Certificate;
}

/** A header whose `nextValidatorsHash` is not its `validatorsHash`, and the validators that the former names. */
export interface ValidatorChange extends SignedHeader {
  nextValidators: readonly Validator[];
}

/** Of one receipt. A chain with more needs a reader that starts from a newer head than genesis. */
export const MAX_VALIDATOR_CHANGES = 4096;

/** `version u8 | header bytes | certificate bytes | validators bytes`: a change as nodes store it and give it to each other. */
export function encodeValidatorChange({ header, certificate, nextValidators }: ValidatorChange): Bytes {
  return new Writer().u8(1).bytes(encodeHeader(header), MAX_PART_BYTES).bytes(encodeCertificate(certificate), MAX_PART_BYTES).bytes(encodeValidators(nextValidators), MAX_PART_BYTES).finish();
}

/** Nothing of it is checked but its form. @throws LedgerError */
export function decodeValidatorChange(bytes: Bytes): ValidatorChange {
  return decodeAll(bytes, (reader) => {
    reader.version(1, 'validator change');
    return { header: decodeHeader(reader.bytes(MAX_PART_BYTES)), certificate: decodeCertificate(reader.bytes(MAX_PART_BYTES)), nextValidators: decodeValidators(reader.bytes(MAX_PART_BYTES)) };
  });
}
