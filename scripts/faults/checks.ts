import type { ContainerChain } from './container-chain.js';
import { sleep } from './random.js';

interface RpcBlock {
  hash: string;
  stateRoot: string;
  transactions: string[];
}

/** The heights of all nodes that answer now. */
export async function heightsOf(chain: ContainerChain): Promise<(number | null)[]> {
  return Promise.all(Array.from({ length: chain.size }, (_, i) => chain.control(i).status().then(({ height }) => height, () => null)));
}

/** Resolves with the milliseconds until every node has decided a height above `height`. */
export async function untilAllAbove(chain: ContainerChain, height: number, timeoutMs: number): Promise<number> {
  const beganMs = performance.now();
  for (;;) {
    const heights = await heightsOf(chain);
    if (heights.every((one) => one !== null && one > height)) return performance.now() - beganMs;
    if (performance.now() - beganMs > timeoutMs) throw new Error(`not every node got above height ${height} within ${timeoutMs} ms: they are at ${heights.map(String).join(', ')}`);
    await sleep(50);
  }
}

/** What does not hold of the whole chain, on every node, in words; empty where all is well. */
export async function faultsOfChain(chain: ContainerChain, acknowledged: readonly string[]): Promise<string[]> {
  const faults: string[] = [];
  const heights = await heightsOf(chain);
  const head = Math.min(...heights.map((height) => height ?? 0));
  const blocks = await Promise.all(Array.from({ length: chain.size }, (_, i) => blocksOf(chain, i, head)));
  const [first, ...others] = blocks as [RpcBlock[], ...RpcBlock[][]];
  for (const [i, other] of others.entries()) {
    const at = first.findIndex((block, height) => block.hash !== other[height]?.hash || block.stateRoot !== other[height]?.stateRoot);
    if (at >= 0) faults.push(`nodes 0 and ${i + 1} have different blocks or states at height ${at + 1}`);
  }
  const count = new Map<string, number>();
  for (const { transactions } of first) for (const hash of transactions) count.set(hash, (count.get(hash) ?? 0) + 1);
  const lost = acknowledged.filter((hash) => !count.has(hash));
  const doubled = [...count].filter(([, times]) => times > 1);
  if (lost.length > 0) faults.push(`${lost.length} acknowledged transactions are not in the chain, the first ${lost[0]}`);
  if (doubled.length > 0) faults.push(`${doubled.length} transactions stand in the chain twice, the first ${doubled[0]?.[0]}`);
  return faults;
}

async function blocksOf(chain: ContainerChain, node: number, head: number): Promise<RpcBlock[]> {
  const blocks: RpcBlock[] = [];
  for (let height = 1; height <= head; height++) blocks.push(await chain.call<RpcBlock>(node, 'eth_getBlockByNumber', [`0x${height.toString(16)}`, false]));
  return blocks;
}
