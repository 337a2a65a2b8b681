import type { Certificate } from './certificate.js';
import type { Header } from './header.js';
import type { Validator } from './validators.js';

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
