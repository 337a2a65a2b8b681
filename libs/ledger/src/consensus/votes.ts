import { toHex, type Bytes } from '../encoding/index.js';
import type { Certificate } from '../formats/certificate.js';
import type { ValidatorSet } from '../formats/validators.js';
import type { Vote, VoteKind } from '../formats/vote.js';

const NIL = 'nil';

export function keyOf(hash: Bytes | null): string {
  return hash === null ? NIL : toHex(hash);
}

/** The votes of one kind in one round: one for each validator, the first that came. */
export class VoteSet {
  private readonly byValidator = new Map<number, Vote>();
  private readonly powerByHash = new Map<string, bigint>();
  /** Of all votes, whatever they say. */
  power = 0n;

  constructor(
    private readonly set: ValidatorSet,
    readonly kind: VoteKind,
    readonly round: number,
  ) {}

  get(validator: number): Vote | undefined {
    return this.byValidator.get(validator);
  }

  /** Adds a vote whose signature was checked; false where this validator has voted already. */
  add(vote: Vote): boolean {
    if (this.byValidator.has(vote.validator)) return false;
    this.byValidator.set(vote.validator, vote);
    const power = this.set.at(vote.validator)?.power ?? 0n;
    const key = keyOf(vote.blockHash);
    this.power += power;
    this.powerByHash.set(key, this.powerFor(key) + power);
    return true;
  }

  powerFor(key: string): bigint {
    return this.powerByHash.get(key) ?? 0n;
  }

  /** The hash (as key, `nil` included) for which `enough` holds, or undefined. */
  find(enough: (power: bigint) => boolean): string | undefined {
    for (const [key, power] of this.powerByHash) if (enough(power)) return key;
    return undefined;
  }

  all(): Vote[] {
    return [...this.byValidator.values()].sort((a, b) => a.validator - b.validator);
  }

  /** Every vote for this hash as a certificate. */
  certificate(height: bigint, blockHash: Bytes | null): Certificate {
    const key = keyOf(blockHash);
    const signatures = this.all().filter((vote) => keyOf(vote.blockHash) === key).map(({ validator, signature }) => ({ validator, signature }));
    return { kind: this.kind, height, round: this.round, blockHash, signatures };
  }
}
