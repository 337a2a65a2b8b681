/** Which node of a chain a request goes to: pure, so that the table of cases is the specification. */

/** What the gateway knows about one node's JSON-RPC endpoint. */
export interface UpstreamHealth {
  nodeId: string;
  /** Failures since the last success. */
  failures: number;
  /** Not tried before this time (Unix ms) unless nothing else is left. */
  downUntilMs: number;
  /** As last probed; null when never. */
  height: number | null;
  /** As probed the time before. */
  heightBefore: number | null;
}

/**
 * A node this many blocks behind what others had a probe ago is catching up, not just a moment late. A probe ago, as the answers of one
 * round of probes are not of one moment, and a busy chain adds many blocks in between: a client would be moved to and fro.
 */
export const AT_HEAD_SLACK_BLOCKS = 3;
/** No chain makes so many blocks between two probes: who claims a head so far above the others' is believed last. */
export const FAR_AHEAD_BLOCKS = 10_000;
/** From so many nodes on, one that lies about its head can be told from the others. */
const ENOUGH_TO_COMPARE = 4;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

export function newHealth(nodeId: string): UpstreamHealth {
  return { nodeId, failures: 0, downUntilMs: 0, height: null, heightBefore: null };
}

/** A failure rests the node, longer each time; the probe brings it back as soon as it answers. */
export function afterFailure(health: UpstreamHealth, nowMs: number): UpstreamHealth {
  const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(health.failures, 10));
  return { ...health, failures: health.failures + 1, downUntilMs: nowMs + pauseMs };
}

export function afterSuccess(health: UpstreamHealth, height: number | null): UpstreamHealth {
  const sound = { ...health, failures: 0, downUntilMs: 0 };
  return height === null ? sound : { ...sound, height, heightBefore: health.height };
}

function rank(health: UpstreamHealth, head: number | null, nowMs: number): number {
  if (health.downUntilMs > nowMs || health.failures > 0) return health.downUntilMs > nowMs ? 3 : 2;
  if (head === null || health.height === null) return 0;
  return head - health.height <= AT_HEAD_SLACK_BLOCKS && health.height - head <= FAR_AHEAD_BLOCKS ? 0 : 1;
}

/** What living nodes said a probe ago, the highest first. */
function headsOf(all: readonly UpstreamHealth[]): number[] {
  return all.filter((one) => one.failures === 0).flatMap((one) => (one.heightBefore === null ? [] : [one.heightBefore])).sort((a, b) => b - a);
}

/**
 * A height that the chain has, though one of its nodes lies: the second highest that they tell. Null where they are too few to tell:
 * of three, two may be catching up.
 */
export function surelyReached(all: readonly UpstreamHealth[]): number | null {
  const heads = headsOf(all);
  return heads.length < ENOUGH_TO_COMPARE ? null : (heads[1] ?? null);
}

/**
 * The order in which a request tries a chain's nodes: those alive and at head first, taken round robin by `turn`; then
 * those catching up, or far above all others; then those that failed. A `preferred` node leads as long as it is alive and at head, so that a
 * client reads what it just wrote.
 */
export function orderUpstreams(all: readonly UpstreamHealth[], turn: number, preferred: string | null, nowMs: number): string[] {
  const head = surelyReached(all) ?? headsOf(all)[0] ?? null;
  const start = all.length === 0 ? 0 : turn % all.length;
  const turned = [...all.slice(start), ...all.slice(0, start)];
  const ranked = turned.map((health, index) => ({ id: health.nodeId, rank: rank(health, head, nowMs), index }));
  ranked.sort((a, b) => a.rank - b.rank || Number(b.id === preferred) - Number(a.id === preferred) || a.index - b.index);
  return ranked.map((one) => one.id);
}
