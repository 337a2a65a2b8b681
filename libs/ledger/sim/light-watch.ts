import { blockHash, equalBytes, keyPairOf, LightClient, sha256, utf8, ValidatorSet, type Bytes, type Certificate, type FaultModel, type Header } from '../src/index.js';
import type { Decided } from './chain.js';
import type { Checker } from './checker.js';
import { SimFailure } from './invariant.js';
import { signCheaply, verifyCheaply } from './keys.js';
import { voteBytes } from './oracle.js';

/** Every so many heights the second client is shown a header. */
const SKIP_HEIGHTS = 5n;

/** Who never votes on this chain, and would like to. */
const STRANGER = keyPairOf(sha256(utf8('simulated stranger'))).publicKey;
const STRANGERS = new ValidatorSet([{ publicKey: STRANGER, power: 1n }]);

/** Another header of this height, and a commit of it by a set of validators that is nobody's. */
function strange({ height, ...rest }: Header): { header: Header; certificate: Certificate } {
  const header = { ...rest, height, timeMs: rest.timeMs + 1n, validatorsHash: STRANGERS.hash };
  const content = { kind: 'precommit' as const, height, round: 0, blockHash: blockHash(header) };
  return { header, certificate: { ...content, signatures: [{ validator: 0, signature: signCheaply(STRANGER, voteBytes(content)) }] } };
}

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
    const foreign = strange(header);
    if (this.skipper.skipTo(foreign, STRANGERS).ok) throw new SimFailure('lightClient', `a header of ${header.height} is accepted that strangers certified`);
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
