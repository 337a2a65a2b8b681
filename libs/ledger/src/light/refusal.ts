import type { Bytes } from '../encoding/index.js';
import type { ValidatorSet } from '../formats/validators.js';

/** Why a light client refuses a header. */
export type LightRefusalCode =
  | 'otherChain'
  | 'heightZero'
  /** At or below the head that the client began with, which is not this header. */
  | 'belowTrust'
  /** The header names other validators than are known for its height: a change is missing, or somebody forged it. */
  | 'validatorSetMismatch'
  | 'notACommit'
  | 'otherBlockCertified'
  | 'notAscending'
  | 'unknownValidator'
  | 'badSignature'
  | 'noQuorum'
  /** A change that changes nothing. */
  | 'noChange'
  /** The next validators are not those that the header names, or no set at all. */
  | 'badNextValidators'
  /** Skipping is for clients that begin with a head. */
  | 'skipFromGenesis'
  | 'tooLittleOverlap'
  /** Two certified headers cannot both be of one chain: neither is believed, nor anything after. */
  | 'conflict';

export interface LightRefusal {
  ok: false;
  code: LightRefusalCode;
  /** Exactly what is wrong, for people. */
  message: string;
}

export interface LightAcceptance {
  ok: true;
  hash: Bytes;
  /** Whose signatures were counted, and how much power they have together. */
  validators: ValidatorSet;
  power: bigint;
}

export type LightCheck = LightAcceptance | LightRefusal;

export function refused(code: LightRefusalCode, message: string): LightRefusal {
  return { ok: false, code, message };
}
