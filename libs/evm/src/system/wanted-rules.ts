import { LedgerError, paramsFault, ValidatorSet, type Bytes, type Params, type Validator } from '#ledger';
import { CONSORTIUM_ADDRESS } from './addresses.js';
import { arraySlot, CONSORTIUM_SLOTS, field, HEAD, mappingSlot, NODE, numberOf, readWord, slot, type StorageReader } from './layout.js';
import { isOwnConsortium, type AccountReader } from './own-code.js';
import { paramsFromWords } from './params-words.js';

/** What Consortium wants of the next heights, in one state. */
export interface WantedRules {
  validatorsRevision: bigint;
  paramsRevision: bigint;
  /** Null where the nodes are no set that may vote: then those who vote go on. */
  validators: ValidatorSet | null;
  /** Null where no chain could go on under them: then those of genesis hold. */
  params: Params | null;
}

const HEAD_SLOT = slot(CONSORTIUM_SLOTS.head);
/** The contract takes fewer. */
const MAX_KEYS = 1000n;

/**
 * Reads what Consortium wants, in full only where its revisions are not those of `parent`, which must be of the state that this one was
 * made from: a sibling may have the same revisions and mean something else. Under code of another make it is always read in full.
 */
export function readWantedRules(state: StorageReader & AccountReader, parent: WantedRules | null): WantedRules {
  const before = isOwnConsortium(state) ? parent : null;
  const head = readWord(state, CONSORTIUM_ADDRESS, HEAD_SLOT);
  const validatorsRevision = field(head, HEAD.validatorsRevision);
  const paramsRevision = field(head, HEAD.paramsRevision);
  const sameValidators = before !== null && before.validatorsRevision === validatorsRevision;
  const sameParams = before !== null && before.paramsRevision === paramsRevision;
  if (sameValidators && sameParams) return before;
  return {
    validatorsRevision, paramsRevision,
    validators: sameValidators ? before.validators : readValidators(state),
    params: sameParams ? before.params : readParams(state),
  };
}

function readValidators(state: StorageReader): ValidatorSet | null {
  const count = readWord(state, CONSORTIUM_ADDRESS, slot(CONSORTIUM_SLOTS.activeKeys));
  if (count > MAX_KEYS) return null;
  const first = numberOf(arraySlot(slot(CONSORTIUM_SLOTS.activeKeys)));
  const validators: Validator[] = [];
  for (let i = 0n; i < count; i++) {
    const publicKey = padded(state.storage(CONSORTIUM_ADDRESS, slot(first + i)));
    const node = readWord(state, CONSORTIUM_ADDRESS, mappingSlot(publicKey, slot(CONSORTIUM_SLOTS.nodes)));
    validators.push({ publicKey, power: field(node, NODE.power) });
  }
  try {
    return new ValidatorSet(validators);
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

function readParams(state: StorageReader): Params | null {
  const params = paramsFromWords(readWord(state, CONSORTIUM_ADDRESS, slot(CONSORTIUM_SLOTS.paramsLow)), readWord(state, CONSORTIUM_ADDRESS, slot(CONSORTIUM_SLOTS.paramsHigh)));
  return paramsFault(params) === null ? params : null;
}

/** 32 bytes that stay, whatever the state's buffer becomes. */
function padded(bytes: Bytes): Bytes {
  const word = new Uint8Array(32);
  word.set(bytes, 32 - bytes.length);
  return word;
}
