import { isWhole, readPart, type Part, type PartBranch, type PartInner, type PartLeaf, type Placed, type SnapshotWriter } from '#evm';
import type { Asking } from './asking.js';

/** Parts that are on their way or wait to be written, at most; each has about 128 KiB. */
const MAX_AHEAD = 16;

type Fetched = Promise<PartLeaf | PartInner>;

/**
 * Brings the state of a height, part by part, and has each written when all below it is: depth first, so that little waits. Every part
 * is checked when it comes, against the hash that the part above gives it; the topmost is the header's stateRoot.
 */
export class StateFetch {
  /** Branches that nobody has asked for yet; the one that is needed first is the last. */
  private readonly wanted: PartBranch[] = [];
  private readonly ahead = new Map<PartBranch, Fetched>();
  parts = 0;

  constructor(
    private readonly asking: Asking,
    private readonly writer: SnapshotWriter,
    private readonly height: bigint,
  ) {}

  /** @param stateRoot as a text of the tree. */
  async run(stateRoot: string): Promise<Placed> {
    return this.place(await this.fetch({ kind: 'branch', hash: stateRoot, place: { key: new Uint8Array(32), depth: 0 } }));
  }

  private async place(part: PartLeaf | PartInner): Promise<Placed> {
    if (isWhole(part)) {
      const placed = this.writer.putWhole(part);
      await this.writer.settle();
      return placed;
    }
    const inner = part as PartInner;
    const left = await this.place(inner.left);
    const right = inner.right.kind === 'branch' ? await this.place(await this.take(inner.right)) : await this.place(inner.right);
    return this.writer.putInner(inner, left, right);
  }

  private take(branch: PartBranch): Fetched {
    const known = this.ahead.get(branch);
    if (known === undefined) this.wanted.splice(this.wanted.lastIndexOf(branch), 1);
    this.ahead.delete(branch);
    const part = known ?? this.fetch(branch);
    this.pump();
    return part;
  }

  private pump(): void {
    while (this.ahead.size < Math.min(MAX_AHEAD, this.asking.width)) {
      const next = this.wanted.pop();
      if (next === undefined) return;
      const part = this.fetch(next);
      // Whoever takes it hears of it; until then a failure is nobody's.
      part.catch(() => undefined);
      this.ahead.set(next, part);
    }
  }

  private async fetch({ hash, place }: PartBranch): Fetched {
    const part = await this.asking.ask({ kind: 'part', height: this.height, place }, (answer) => readPart(answer, hash));
    this.parts += 1;
    this.wanted.push(...branchesOf(part).reverse());
    this.pump();
    return part;
  }
}

/** In the order in which they are needed. */
function branchesOf(part: Part): PartBranch[] {
  if (part.kind === 'branch') return [part];
  return isWhole(part) ? [] : [...branchesOf((part as PartInner).left), ...branchesOf((part as PartInner).right)];
}
