import { toHex, type Bytes } from '../encoding/index.js';
import type { Certificate } from '../formats/certificate.js';
import { isQuorum, type FaultModel } from '../formats/quorum.js';
import type { ValidatorSet } from '../formats/validators.js';
import type { Vote, VoteKind } from '../formats/vote.js';

const NIL = 'nil';

/** A block hash as a key of maps; nil has its own. */
export function keyOf(hash: Bytes | null): string {
  return hash === null ? NIL : toHex(hash);
}

/** The votes of one kind in one round: one for each validator, the first that came. */
export class VoteSet {
  private readonly byValidator = new Map<number, Vote>();
  private readonly powerByHash = new Map<string, bigint>();
  /** Of all votes, whatever they say. */
  power = 0n;
  /** What a quorum of them says; two quorums cannot be, as each validator counts once. */
  quorum: { key: string; blockHash: Bytes | null } | null = null;

  constructor(
    private readonly set: ValidatorSet,
    private readonly model: FaultModel,
    readonly kind: VoteKind,
    readonly round: number,
  ) {}

  get(validator: number): Vote | undefined {
    return this.byValidator.get(validator);
  }

  /** Adds a vote whose signature was checked; false where this validator has voted already. */
  add(vote: Vote): boolean {
    const member = this.set.at(vote.validator);
    if (member === undefined || this.byValidator.has(vote.validator)) return false;
    this.byValidator.set(vote.validator, vote);
    const key = keyOf(vote.blockHash);
    const power = (this.powerByHash.get(key) ?? 0n) + member.power;
    this.power += member.power;
    this.powerByHash.set(key, power);
    if (this.quorum === null && isQuorum(this.model, power, this.set.total)) this.quorum = { key, blockHash: vote.blockHash };
    return true;
  }

  /** Whether a quorum has voted, for whatever. */
  get anyQuorum(): boolean {
    return isQuorum(this.model, this.power, this.set.total);
  }

  /** By ascending index. */
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
