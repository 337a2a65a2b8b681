import { blockHash, equalBytes, LightClient, type Bytes, type FaultModel, type ValidatorSet } from '../src/index.js';
import type { Decided } from './chain.js';
import type { Checker } from './checker.js';
import { SimFailure } from './invariant.js';
import { verifyCheaply } from './keys.js';

/** Every so many heights the second client is shown a header. */
const SKIP_HEIGHTS = 5n;

/**
 * Two light clients that trust block 1: one is shown every block that is decided, the other one in five, with the changes between
 * left out. Both are also shown whatever else anybody offers as decided. They must accept those of the chain, and nothing else.
 */
export class LightWatch {
  private follower: LightClient | null = null;
  private skipper: LightClient | null = null;
  private readonly seen = new WeakSet<Decided>();
  /** What was accepted before an honest node decided: a faulty one may be the first. */
  private readonly early = new Map<bigint, Bytes>();

  constructor(
    private readonly faultModel: FaultModel,
    private readonly checker: Checker,
  ) {}

  /** An honest node is the first to have decided this. @param next who votes on the height above. */
  decided({ block, certificate }: Decided, next: ValidatorSet): void {
    const { header } = block;
    const early = this.early.get(header.height);
    if (early !== undefined && !equalBytes(early, blockHash(header))) throw new SimFailure('lightClient', `a header of ${header.height} was accepted, and another was decided`);
    if (this.follower === null || this.skipper === null) {
      this.follower = LightClient.fromHead(this.faultModel, header, next, verifyCheaply);
      this.skipper = LightClient.fromHead(this.faultModel, header, next, verifyCheaply);
      return;
    }
    const changes = !equalBytes(header.nextValidatorsHash, header.validatorsHash);
    const check = changes ? this.follower.acceptChange({ header, certificate, nextValidators: next.validators }) : this.follower.accept({ header, certificate });
    if (!check.ok) throw new SimFailure('lightClient', `block ${header.height} of the chain is refused: ${check.code}`);
    const set = this.checker.setAt(header.height);
    if (set === undefined || header.height % SKIP_HEIGHTS !== 0n) return;
    const skip = this.skipper.skipTo({ header, certificate }, set);
    if (!skip.ok && skip.code !== 'tooLittleOverlap') throw new SimFailure('lightClient', `block ${header.height} of the chain is refused by who skips: ${skip.code}`);
  }

  /** Somebody offers a block as decided. */
  offered(decided: Decided): void {
    if (this.seen.has(decided) || this.follower === null || this.skipper === null) return;
    this.seen.add(decided);
    const { block: { header }, certificate } = decided;
    const set = this.checker.setAt(header.height);
    const known = this.checker.chain.at(header.height);
    const hash = blockHash(header);
    const own = known !== undefined && equalBytes(blockHash(known.block.header), hash);
    if (own || set === undefined) return;
    const accepted = this.follower.accept({ header, certificate }).ok || this.skipper.skipTo({ header, certificate }, set).ok;
    const conflict = this.follower.conflict ?? this.skipper.conflict;
    if (!accepted && conflict === null) return;
    if (known !== undefined || conflict !== null) throw new SimFailure('lightClient', `a foreign header of ${header.height} is accepted, with a certificate of ${certificate.signatures.length} signatures`);
    this.early.set(header.height, hash);
  }
}
