import type { AdmittedTransaction } from '#evm';
import type { AccountQueue, PoolEntry } from './account-queue.js';

/** One sender's ready transactions. */
interface Turn {
  entries: Iterator<PoolEntry>;
  first: number;
}

/** One member's senders, and the gas that its transactions were given so far. */
interface Share {
  turns: Generator<AdmittedTransaction>;
  first: number;
  gas: bigint;
}

/**
 * The order in which a block takes what is ready: the member that was given the least gas comes next, by gas limits, which are known
 * before execution; among a member's senders each has one transaction in turn, and who came first is first. So a member with a
 * thousand accounts gets no more of a full block than one with a single account, and what one leaves unused the others have.
 */
export function* inFairOrder(queues: readonly AccountQueue[]): Generator<AdmittedTransaction> {
  const byMember = new Map<number | null, Turn[]>();
  for (const queue of queues) {
    const turn = { entries: queue.ready(), first: queue.at(queue.stateNonce)?.arrival ?? 0 };
    const turns = byMember.get(queue.member);
    if (turns === undefined) byMember.set(queue.member, [turn]);
    else turns.push(turn);
  }
  const shares: Share[] = [...byMember.values()].map((turns) => {
    turns.sort((a, b) => a.first - b.first);
    return { turns: inTurn(turns), first: turns[0]?.first ?? 0, gas: 0n };
  });
  shares.sort((a, b) => a.first - b.first);
  while (shares.length > 0) {
    // Few members: looking at each is cheaper than keeping them in order.
    const next = shares.reduce((least, share) => (share.gas < least.gas ? share : least));
    const { value, done } = next.turns.next();
    if (done === true) {
      shares.splice(shares.indexOf(next), 1);
      continue;
    }
    next.gas += value.gasLimit;
    yield value;
  }
}

/** One of each sender in turn. */
function* inTurn(all: readonly Turn[]): Generator<AdmittedTransaction> {
  let turns = all;
  while (turns.length > 0) {
    const next: Turn[] = [];
    for (const turn of turns) {
      const { value, done } = turn.entries.next();
      if (done === true) continue;
      yield value.transaction;
      next.push(turn);
    }
    turns = next;
  }
}
