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
  return head - health.height <= AT_HEAD_SLACK_BLOCKS ? 0 : 1;
}

/**
 * The order in which a request tries a chain's nodes: those alive and at head first, taken round robin by `turn`; then
 * those catching up; then those that failed. A `preferred` node leads as long as it is alive and at head, so that a
 * client reads what it just wrote.
 */
export function orderUpstreams(all: readonly UpstreamHealth[], turn: number, preferred: string | null, nowMs: number): string[] {
  const heights = all.filter((one) => one.failures === 0).flatMap((one) => (one.heightBefore === null ? [] : [one.heightBefore]));
  const head = heights.length === 0 ? null : Math.max(...heights);
  const start = all.length === 0 ? 0 : turn % all.length;
  const turned = [...all.slice(start), ...all.slice(0, start)];
  const ranked = turned.map((health, index) => ({ id: health.nodeId, rank: rank(health, head, nowMs), index }));
  ranked.sort((a, b) => a.rank - b.rank || Number(b.id === preferred) - Number(a.id === preferred) || a.index - b.index);
  return ranked.map((one) => one.id);
}
