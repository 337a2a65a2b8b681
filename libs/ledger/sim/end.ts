import { decodeBlock, encodeBlock, blockHash, equalBytes } from '../src/index.js';
import type { World } from './world.js';

/** What must hold of all chains when everything is quiet: the same blocks everywhere, and executing them anew gives the same. */
export function checkEnd(world: World): void {
  const { chain } = world.checker;
  for (const { index, disk } of world.honest) {
    for (const [i, { block }] of disk.chain.decided.entries()) {
      const known = chain.decided[i]?.block;
      if (known === undefined || (block !== known && !equalBytes(blockHash(block.header), blockHash(known.header)))) world.fail('durability', `n${index} holds another block at ${i + 1} than was decided`);
    }
    if (disk.chain.height !== chain.height) world.fail('durability', `n${index} holds ${disk.chain.height} of ${chain.height} blocks`);
  }
  const fresh = world.newChain();
  for (const { block, certificate } of chain.decided) {
    // From bytes, so that nothing that was computed before is used again.
    const read = decodeBlock(encodeBlock({ ...block }));
    const outcome = fresh.execute(read.transactions);
    if (outcome === null || !equalBytes(outcome.stateRoot, read.header.stateRoot) || !equalBytes(blockHash(read.header), blockHash(block.header))) {
      world.fail('replay', `block ${read.header.height}, executed anew, gives something else`);
    }
    fresh.append(read, certificate);
  }
  const ids = chain.decided.flatMap(({ block }) => block.transactions.map(String));
  if (new Set(ids).size !== ids.length) world.fail('acknowledged', 'a transaction is in the chain twice');
  for (const node of world.honest) node.replayInputs();
}
