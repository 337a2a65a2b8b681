import { keccak256, type AdmittedTransaction, type StateReader } from '#evm';
import { transactionsRoot, toHex, utf8, Writer, type Bytes, type Proposal } from '#ledger';
import { BLOCK_2, PROPOSAL } from '../../../../libs/ledger/testing/samples.js';
import { FrameReader } from '../peer/frames.js';
import type { PeerLink } from '../peer/link.js';
import { FRAME } from '../peer/frames.js';
import { BlockBodies } from '../pool/block-bodies.js';
import { Pool } from '../pool/pool.js';
import { CompactProposals } from './compact-proposals.js';

const raws = Array.from({ length: 5 }, (_, i) => utf8(`raw transaction ${i}`));
const state: StateReader = { height: 0n, account: () => null, code: () => new Uint8Array(), storage: () => new Uint8Array(32), root: () => new Uint8Array(32) };

function transaction(raw: Bytes, nonce: number, key = toHex(keccak256(raw))): AdmittedTransaction {
  return {
    hash: keccak256(raw), key, senderKey: `sender ${nonce}`, raw, type: 2, sender: new Uint8Array(20), nonce: 0n, gasLimit: 21_000n, to: null, value: 0n, data: new Uint8Array(), accessList: [],
    maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, intrinsicGas: 21_000n, floorGas: 21_000n, signature: { v: 0n, yParity: 0, r: 1n, s: 1n },
  };
}

function poolWith(entries: readonly AdmittedTransaction[]): Pool {
  const pool = new Pool();
  for (const entry of entries) pool.add(entry, state, 0);
  return pool;
}

function proposalOf(transactions: readonly Bytes[]): Proposal {
  const header = { ...BLOCK_2.header, txCount: transactions.length, txRoot: transactionsRoot(transactions) };
  return { ...PROPOSAL, height: header.height, block: { ...BLOCK_2, header, transactions } };
}

/** Two nodes and the wire between them; what is sent is delivered at once, and counted. */
class Pair {
  readonly got: Proposal[] = [];
  readonly sent: number[] = [];
  readonly old: bigint[] = [];
  current = 0n;
  /** The receiver's. */
  readonly bodies = new BlockBodies();
  readonly sender: CompactProposals;
  readonly receiver: CompactProposals;
  readonly toSender: PeerLink;
  readonly toReceiver: PeerLink;

  constructor(senderPool: Pool, receiverPool: Pool, tamper: (payload: Uint8Array, type: number) => Uint8Array = (payload) => payload) {
    const events = { whole: (_: PeerLink, proposal: Proposal): void => void this.got.push(proposal), old: (_: PeerLink, height: bigint): void => void this.old.push(height), current: () => this.current };
    this.sender = new CompactProposals(senderPool, new BlockBodies(), events);
    this.receiver = new CompactProposals(receiverPool, this.bodies, events);
    const link = (name: string, receive: (type: number, payload: Uint8Array) => void): PeerLink => {
      const reader = new FrameReader((type, payload) => {
        this.sent.push(type);
        receive(type, tamper(payload, type));
      });
      return { keyHex: name, send: (frame: Buffer) => (reader.push(frame), true) } as unknown as PeerLink;
    };
    this.toSender = link('sender', (_type, payload) => this.sender.answer(this.toReceiver, payload));
    this.toReceiver = link('receiver', (type, payload) => {
      if (type === FRAME.compactProposal) this.receiver.receive(this.toSender, payload);
      else this.receiver.receiveBodies(this.toSender, payload);
    });
  }

  propose(proposal: Proposal): void {
    this.toReceiver.send(this.sender.frameOf(proposal));
  }
}

const all = raws.map((raw, i) => transaction(raw, i));
const { compactProposal, bodiesWanted, bodies } = FRAME;

describe('compact proposals', () => {
  it('come whole where everything is here, with one small frame', () => {
    const pair = new Pair(poolWith([]), poolWith(all));
    const proposal = proposalOf(raws);
    pair.propose(proposal);
    expect(pair.got).toEqual([proposal]);
    expect(pair.sent).toEqual([compactProposal]);
    // Nobody recovers a sender or hashes again what the pool holds.
    expect(pair.bodies.of(pair.got[0]?.block.transactions ?? [])).toEqual(all);
  });

  it('ask for what is missing, and only for that', () => {
    const pair = new Pair(poolWith([]), poolWith([all[0], all[3]] as AdmittedTransaction[]));
    const proposal = proposalOf(raws);
    pair.propose(proposal);
    expect(pair.got).toEqual([proposal]);
    expect(pair.sent).toEqual([compactProposal, bodiesWanted, bodies]);
  });

  it('ask for all where an id names another transaction here', () => {
    // A transaction of other bytes whose hash begins like the third's.
    const alike = transaction(utf8('alike'), 9, `${toHex(keccak256(raws[2] as Bytes)).slice(0, 16)}${'0'.repeat(48)}`);
    const pair = new Pair(poolWith([]), poolWith([...all.slice(0, 2), alike, ...all.slice(3)]));
    const proposal = proposalOf(raws);
    pair.propose(proposal);
    expect(pair.got).toEqual([proposal]);
    expect(pair.sent).toEqual([compactProposal, bodiesWanted, bodies]);
    expect(pair.bodies.of(pair.got[0]?.block.transactions ?? [])).toBeUndefined();
  });

  it('never let go what does not fit its header', () => {
    const lying = new Pair(poolWith([]), poolWith([]), (payload, type) => {
      if (type === bodies) payload[payload.length - 1] = (payload.at(-1) as number) ^ 1;
      return payload;
    });
    // The first answer is wrong: all is asked for once more; the second time the peer is at fault.
    expect(() => lying.propose(proposalOf(raws))).toThrow('bodies are not those of its header');
    expect(lying.got).toEqual([]);
    const counting = new Pair(poolWith([]), poolWith(all), (payload) => payload);
    const proposal = proposalOf(raws);
    const frame = counting.sender.frameOf({ ...proposal, block: { ...proposal.block, header: { ...proposal.block.header, txCount: 4 } } });
    expect(() => counting.toReceiver.send(frame)).toThrow('not those of its header');
  });

  it('give each body once for each request, however often it is named', () => {
    const pair = new Pair(poolWith([]), poolWith(all));
    const { height, round } = proposalOf(raws);
    pair.sender.frameOf(proposalOf(raws));
    const sizes: number[] = [];
    const asking = { keyHex: 'asking', send: (frame: Buffer) => sizes.push(frame.length) > 0 } as unknown as PeerLink;
    const wanting = (indices: readonly number[]): Uint8Array => {
      const writer = new Writer().u64(height).u32(round);
      writer.list(indices, 200_000, (index) => writer.u32(index));
      return writer.finish();
    };
    for (const indices of [new Array<number>(200_000).fill(0), [1, 0], [2, 2]]) expect(() => pair.sender.answer(asking, wanting(indices))).toThrow('ascending');
    expect(sizes).toEqual([]);
    pair.sender.answer(asking, wanting([0, 2, 4]));
    expect(sizes).toHaveLength(1);
  });

  it('of others do not take the place of those that were sent from here', () => {
    const pair = new Pair(poolWith([]), poolWith([all[0]] as AdmittedTransaction[]));
    const proposal = proposalOf(raws);
    const sent = pair.sender.frameOf(proposal);
    // Anybody may send this: nothing of it is signed by its proposer. It is whole as it stands.
    const foreign = new CompactProposals(poolWith([]), new BlockBodies(), { whole: () => undefined, old: () => undefined, current: () => 0n }).frameOf(proposalOf([]));
    new FrameReader((_type, payload) => pair.sender.receive(pair.toReceiver, payload)).push(foreign);
    pair.got.length = 0;
    pair.toReceiver.send(sent);
    expect(pair.got).toEqual([proposal]);
  });

  it('old heights, unknown places and peers that are gone cost nothing', () => {
    const pair = new Pair(poolWith([]), poolWith([]));
    const proposal = proposalOf(raws);
    pair.current = proposal.height + 1n;
    pair.propose(proposal);
    expect([pair.got, pair.old, pair.sent]).toEqual([[], [proposal.height], [compactProposal]]);
    pair.sender.forget(proposal.height + 1n);
    pair.current = 0n;
    pair.toReceiver.send(pair.receiver.frameOf(proposal)); // The sender has forgotten it: asking it brings nothing.
    expect(pair.got).toEqual([]);
    pair.receiver.disconnected(pair.toSender);
  });
});
