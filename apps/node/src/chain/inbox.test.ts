import type { Message, Vote } from '#ledger';
import { PROPOSAL } from '../../../../libs/ledger/testing/samples.js';
import { Inbox } from './inbox.js';

const peer = (name: string): { keyHex: string } => ({ keyHex: name });
const vote = (height: bigint, round = 0): Message => {
  const content: Vote = { kind: 'prevote', height, round, blockHash: null, validator: 0, signature: new Uint8Array(64) };
  return { type: 'vote', vote: content };
};
/** A proposal of so many bytes, without having them. */
const proposal = (height: bigint, bytes = 0): Message => {
  const transactions = bytes === 0 ? [] : [{ length: bytes } as Uint8Array];
  return { type: 'proposal', proposal: { ...PROPOSAL, height, block: { ...PROPOSAL.block, transactions } } };
};
const MIB = 1024 * 1024;

describe('rule 16: messages of the next heights', () => {
  it('come back when the node is there, each once; older ones are gone', () => {
    const inbox = new Inbox();
    for (const height of [12n, 11n, 13n]) inbox.keep(peer('a'), vote(height), 10n);
    expect(inbox.take(11n)).toEqual([vote(11n)]);
    expect(inbox.take(11n)).toEqual([]);
    expect(inbox.take(13n)).toEqual([vote(13n)]);
    expect(inbox.take(12n)).toEqual([]);
  });

  it('are none of this height, of past ones, or of far ones', () => {
    const inbox = new Inbox();
    for (const height of [9n, 10n, 14n, 1n << 60n]) inbox.keep(peer('a'), vote(height), 10n);
    expect([10n, 14n, 1n << 60n].flatMap((height) => inbox.take(height))).toEqual([]);
  });

  it.each<[string, Message[], number]>([
    ['so many messages', Array.from({ length: 300 }, (_, round) => vote(11n, round)), 256],
    ['so many proposals', Array.from({ length: 6 }, () => proposal(11n)), 4],
    ['so many bytes', [proposal(11n, 30 * MIB), proposal(11n, 30 * MIB), proposal(11n, 10 * MIB), vote(11n)], 3],
    ['not one that is too large alone', [proposal(11n, 50 * MIB), vote(11n)], 1],
  ])('of one peer %s at most, and another peer loses nothing by it', (_name, messages, kept) => {
    const inbox = new Inbox();
    for (const message of messages) inbox.keep(peer('a'), message, 10n);
    inbox.keep(peer('b'), vote(11n), 10n);
    expect(inbox.take(11n)).toHaveLength(kept + 1);
  });
});
