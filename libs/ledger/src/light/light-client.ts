import { equalBytes, LedgerError, to0x, type Bytes } from '../encoding/index.js';
import { verify as verifyEd25519 } from '../crypto/ed25519.js';
import type { Verify } from '../formats/certificate.js';
import { genesisHash, genesisValidators, type Genesis } from '../formats/genesis.js';
import { blockHash, type Header } from '../formats/header.js';
import type { FaultModel } from '../formats/quorum.js';
import type { SignedHeader, ValidatorChange } from '../formats/validator-change.js';
import { ValidatorSet } from '../formats/validators.js';
import { checkCommit, commonPower, isOverlap, type LightChain } from './certified.js';
import { pointOf, Points, type LightPoint } from './point.js';
import { refused, type LightCheck, type LightRefusal } from './refusal.js';

/** From this height on, until the next era's, these validators vote. */
interface Era {
  from: bigint;
  set: ValidatorSet;
}

/**
 * Believes headers by their certificates alone, across changes of validators; docs/spec/sync.md, "Light client", has the rules and
 * what they rest on. It knows nothing of bodies and executes nothing. Once two certified headers contradict each other it refuses
 * everything, what it has accepted before included.
 */
export class LightClient {
  private readonly points = new Points();
  /** By ascending height. */
  private readonly eras: Era[];
  private broken: LightRefusal | null = null;

  private constructor(
    private readonly chain: LightChain,
    /** Nothing at or below is believed, but what is pinned. */
    private readonly start: LightPoint,
    validators: ValidatorSet,
    private readonly maySkip: boolean,
  ) {
    this.points.add(start);
    this.eras = [{ from: start.height + 1n, set: validators }];
  }

  /** Trusts a genesis. Old keys are all that stands behind it, so each change of validators must be shown. @throws LedgerError */
  static fromGenesis(genesis: Genesis, verify: Verify = verifyEd25519): LightClient {
    const set = genesisValidators(genesis);
    const hash = genesisHash(genesis);
    const start = { height: 0n, hash, timeMs: genesis.timeMs, prevHash: null, validatorsHash: null, nextValidatorsHash: set.hash };
    return new LightClient({ genesisHash: hash, faultModel: genesis.faultModel, verify }, start, set, false);
  }

  /**
   * Trusts a header whose validators the caller has reason to believe in still: it may skip changes.
   * @param next the validators that the header names for the next height.
   * @throws LedgerError `badValidatorSet` where they are others.
   */
  static fromHead(faultModel: FaultModel, head: Header, next: ValidatorSet, verify: Verify = verifyEd25519): LightClient {
    if (!equalBytes(next.hash, head.nextValidatorsHash)) throw new LedgerError('badValidatorSet', 'the validators are not those that the trusted head names');
    return new LightClient({ genesisHash: head.genesisHash, faultModel, verify }, pointOf(head, blockHash(head)), next, true);
  }

  /** Why nothing is believed any more, or null. */
  get conflict(): LightRefusal | null {
    return this.broken;
  }

  /** A block of this chain that the caller trusts for other reasons: what contradicts it is a conflict. */
  pin(height: bigint, hash: Bytes, timeMs: bigint): LightRefusal | null {
    return this.broken ?? this.remember({ height, hash, timeMs, prevHash: null, validatorsHash: null, nextValidatorsHash: null });
  }

  /** Believes a header that a quorum of the validators of its height certified, where they are known. */
  accept(signed: SignedHeader): LightCheck {
    const place = this.place(signed.header);
    if (!('set' in place)) return place;
    const { header } = signed;
    if (!equalBytes(header.validatorsHash, place.set.hash)) {
      return refused('validatorSetMismatch', `block ${header.height} names the validator set ${to0x(header.validatorsHash)}, known for it is ${to0x(place.set.hash)}, and no change of validators between is shown`);
    }
    return this.certify(signed, place.set);
  }

  /** The same for a header that changes the validators: from the next height on, the new ones are known. */
  acceptChange(change: ValidatorChange): LightCheck {
    const { header } = change;
    if (equalBytes(header.nextValidatorsHash, header.validatorsHash)) return refused('noChange', `block ${header.height} changes no validators`);
    const check = this.accept(change);
    if (!check.ok) return check;
    const next = setOf(change);
    if (!(next instanceof ValidatorSet)) return next;
    this.begin(header.height + 1n, next);
    return check;
  }

  /**
   * Believes a header certified by a quorum of its own validators, changes between not shown, if its signers also have a weak
   * quorum of the newest validators known below it (BFT more than a third, CFT more than half).
   */
  skipTo(signed: SignedHeader, validators: ValidatorSet): LightCheck {
    if (!this.maySkip) return refused('skipFromGenesis', 'from genesis on each change of validators must be shown: its keys may have been retired long ago');
    const place = this.place(signed.header);
    if (!('set' in place)) return place;
    const { header, certificate } = signed;
    if (!equalBytes(validators.hash, header.validatorsHash)) return refused('validatorSetMismatch', `block ${header.height} names the validator set ${to0x(header.validatorsHash)}, not the one that came with it`);
    // Cheaper than signatures, and it counts nobody whose signature does not hold: they are all checked below.
    const power = commonPower(certificate, validators, place.set);
    if (!isOverlap(this.chain.faultModel, power, place.set.total)) {
      return refused('tooLittleOverlap', `the signers of block ${header.height} have ${power} of ${place.set.total} power in the last known set: headers between are needed`);
    }
    const check = this.certify(signed, validators);
    if (check.ok) this.begin(header.height, validators);
    return check;
  }

  /** The validators known for the header's height, or why nothing can be said of it. */
  private place(header: Header): { set: ValidatorSet } | LightRefusal {
    if (this.broken !== null) return this.broken;
    if (!equalBytes(header.genesisHash, this.chain.genesisHash)) return refused('otherChain', `the header is of chain ${to0x(header.genesisHash)}, not of ${to0x(this.chain.genesisHash)}`);
    if (header.height === 0n) return refused('heightZero', 'the header is of height 0; blocks begin at 1');
    if (header.height <= this.start.height) return refused('belowTrust', `block ${header.height} is not above the trusted block ${this.start.height}`);
    let era = this.eras[0] as Era;
    for (const one of this.eras) if (one.from <= header.height) era = one;
    return { set: era.set };
  }

  private certify(signed: SignedHeader, set: ValidatorSet): LightCheck {
    const hash = blockHash(signed.header);
    const check = checkCommit(this.chain, signed, hash, set);
    if (!check.ok) return check;
    return this.remember(pointOf(signed.header, hash)) ?? { ok: true, hash, validators: set, power: check.power };
  }

  private remember(point: LightPoint): LightRefusal | null {
    const conflict = this.points.add(point);
    if (conflict !== null) this.broken = refused('conflict', `two histories are certified, and neither is believed: ${conflict.why}`);
    return this.broken;
  }

  private begin(from: bigint, set: ValidatorSet): void {
    const at = this.eras.findIndex((era) => era.from >= from);
    if (at < 0) this.eras.push({ from, set });
    else if ((this.eras[at] as Era).from !== from) this.eras.splice(at, 0, { from, set });
  }
}

function setOf({ header, nextValidators }: ValidatorChange): ValidatorSet | LightRefusal {
  try {
    const set = new ValidatorSet(nextValidators);
    if (equalBytes(set.hash, header.nextValidatorsHash)) return set;
    return refused('badNextValidators', `block ${header.height} names other next validators than those that came with it`);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return refused('badNextValidators', error.message);
  }
}
