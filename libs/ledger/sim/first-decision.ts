import type { Block, Certificate } from '../src/index.js';
import { isolateDecider, MAX_SKEW_MS } from './disturb.js';
import { EPOCH_MS } from './event-queue.js';
import type { NodePort } from './node-port.js';
import { idOf } from './transactions.js';
import type { World } from './world.js';

/** What an honest node bears of a proposer's clock (docs/spec/consensus.md, "What makes a block valid"). */
const MAX_AHEAD_MS = 10_000;

/** An honest node is the first to have decided a block. */
export function firstDecided(world: World, node: NodePort, block: Block, certificate: Certificate): void {
  const { header: { height, timeMs } } = block;
  // Of those who voted for it at least one is honest, and has a clock that is not far off.
  const latestMs = BigInt(EPOCH_MS + Math.floor(world.queue.nowMs) + MAX_SKEW_MS + MAX_AHEAD_MS);
  if (timeMs > latestMs) world.fail('validity', `n${node.index} decided a block at ${height} whose time is ${timeMs - latestMs} ms later than any that honest nodes accept`);
  world.light.decided({ block, certificate }, world.checker.chain.current);
  world.promises.decided(block.transactions.map(idOf));
  isolateDecider(world, node);
}
