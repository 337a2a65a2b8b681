import { equalBytes, to0x, type Bytes } from '../encoding/index.js';
import type { Header } from '../formats/header.js';

/** A block that a light client believes in, as far as it knows it: of genesis, or of a head told by others, less than of a header. */
export interface LightPoint {
  height: bigint;
  hash: Bytes;
  timeMs: bigint;
  prevHash: Bytes | null;
  validatorsHash: Bytes | null;
  nextValidatorsHash: Bytes | null;
}

/** How many points one client remembers; beyond, the lowest are forgotten, and what contradicts only them is not noticed. */
const MAX_POINTS = 8192;

export function pointOf(header: Header, hash: Bytes): LightPoint {
  const { height, timeMs, prevHash, validatorsHash, nextValidatorsHash } = header;
  return { height, hash, timeMs, prevHash, validatorsHash, nextValidatorsHash };
}

/** Points of one history, by ascending height. */
export class Points {
  private readonly points: LightPoint[] = [];

  /** The known point that cannot stand in one history with this one, and why; otherwise the point is kept, and the answer null. */
  add(point: LightPoint): { against: LightPoint; why: string } | null {
    let at = this.points.length;
    while (at > 0 && (this.points[at - 1] as LightPoint).height >= point.height) at -= 1;
    // The neighbours are enough: all that is known already has heights and times in one order.
    for (const known of [this.points[at - 1], this.points[at], this.points[at + 1]]) {
      const why = known === undefined ? null : conflictOf(known, point);
      if (known !== undefined && why !== null) return { against: known, why };
    }
    const known = this.points[at]?.height === point.height;
    this.points.splice(at, known ? 1 : 0, known ? merged(this.points[at] as LightPoint, point) : point);
    if (this.points.length > MAX_POINTS) this.points.shift();
    return null;
  }
}

/** Two equal blocks, of which one may be known better. */
function merged(a: LightPoint, b: LightPoint): LightPoint {
  return a.prevHash === null ? b : a;
}

function conflictOf(known: LightPoint, point: LightPoint): string | null {
  if (known.height === point.height) {
    return equalBytes(known.hash, point.hash) ? null : `block ${known.height} is ${to0x(known.hash)} in one and ${to0x(point.hash)} in the other`;
  }
  const [lower, upper] = known.height < point.height ? [known, point] : [point, known];
  if (upper.height === lower.height + 1n) {
    if (upper.prevHash !== null && !equalBytes(upper.prevHash, lower.hash)) return `block ${upper.height} does not follow block ${lower.height}`;
    const named = lower.nextValidatorsHash;
    if (named !== null && upper.validatorsHash !== null && !equalBytes(named, upper.validatorsHash)) return `block ${upper.height} has other validators than block ${lower.height} names`;
  }
  if (upper.timeMs > lower.timeMs) return null;
  return point === upper ? `block ${upper.height} is not later than block ${lower.height}` : `block ${lower.height} is not earlier than block ${upper.height}`;
}
