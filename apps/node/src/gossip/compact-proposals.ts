import { keccak256 } from '#evm';
import { checkBlockBody, decodeAll, decodeProposal, encodeProposal, Writer, type Block, type Bytes, type Proposal } from '#ledger';
import { encodeFrame, FRAME } from '../peer/frames.js';
import type { PeerLink } from '../peer/link.js';
import type { BlockBodies } from '../pool/block-bodies.js';
import { idOf, ID_BYTES, type Pool } from '../pool/pool.js';

const MAX_TRANSACTIONS = 200_000;
const MAX_TRANSACTION_BYTES = 128 * 1024;
const MAX_PROPOSAL_BYTES = 40 * 1024 * 1024;
/** Proposals that went out from here, whose bodies peers may ask for. */
const MAX_KNOWN = 8;
/** Proposals of one peer that wait for bodies. */
const MAX_PENDING_PER_PEER = 4;

interface Pending {
  proposal: Proposal;
  ids: readonly Bytes[];
  transactions: (Bytes | undefined)[];
  /** Whether all bodies were asked for: what does not fit then is the peer's fault. */
  whole: boolean;
}

/**
 * Proposals on the wire name their transactions by the first eight bytes of their hashes, as nearly all nodes hold nearly all of
 * them. What is missing here is asked for. The header's txRoot says whether the right ones were found: a proposal leaves this
 * class with its whole body or not at all, so that consensus never knows of the short form.
 */
export class CompactProposals {
  private readonly known = new Map<string, Proposal>();
  private readonly pending = new Map<string, Map<string, Pending>>();

  constructor(
    private readonly pool: Pool,
    private readonly bodies: BlockBodies,
    private readonly events: {
      whole(link: PeerLink, proposal: Proposal): void;
      /** A peer proposes for a height that is decided here; its bodies do not matter. */
      old(link: PeerLink, height: bigint): void;
      /** The height that is being decided. */
      current(): bigint;
    },
  ) {}

  /** The frame that proposes, and from now on whoever got it may ask for bodies. */
  frameOf(proposal: Proposal): Buffer {
    const { block } = proposal;
    this.remember(proposal);
    const empty: Block = { header: block.header, transactions: [], lastCommit: block.lastCommit, evidence: block.evidence };
    const writer = new Writer().bytes(encodeProposal({ ...proposal, block: empty }), MAX_PROPOSAL_BYTES);
    const hashes = this.bodies.of(block.transactions)?.map(({ hash }) => hash) ?? block.transactions.map((raw) => keccak256(raw));
    writer.list(hashes, MAX_TRANSACTIONS, (hash) => writer.fixed(hash.subarray(0, ID_BYTES), ID_BYTES));
    return encodeFrame(FRAME.compactProposal, writer.finish());
  }

  /** A peer proposes in the short form. @throws LedgerError where the frame is malformed. */
  receive(link: PeerLink, payload: Bytes): void {
    const { proposal, ids } = decodeAll(payload, (reader) => ({
      proposal: decodeProposal(reader.bytes(MAX_PROPOSAL_BYTES)), ids: reader.list(MAX_TRANSACTIONS, ID_BYTES, () => reader.fixed(ID_BYTES)),
    }));
    if (proposal.block.transactions.length > 0 || proposal.block.header.txCount !== ids.length) throw new Error('a short proposal whose transactions are not those of its header');
    if (proposal.height < this.events.current()) return this.events.old(link, proposal.height);
    const found = ids.flatMap((id) => this.pool.byId(idOf(id)) ?? []);
    const transactions = found.length === ids.length ? this.bodies.make(found) : ids.map((id) => this.pool.byId(idOf(id))?.raw);
    this.complete(link, { proposal, ids, transactions, whole: false });
  }

  /**
   * A peer misses bodies of a proposal that it had from here.
   * @throws LedgerError where the frame is malformed, Error where it names a body twice: the answer could have any size.
   */
  answer(link: PeerLink, payload: Bytes): void {
    const { place, indices } = decodeAll(payload, (reader) => ({ place: placeOf(reader.u64(), reader.u32()), indices: reader.list(MAX_TRANSACTIONS, 4, () => reader.u32()) }));
    if (indices.some((index, i) => i > 0 && index <= (indices[i - 1] as number))) throw new Error('asks for bodies whose indices are not ascending');
    const proposal = this.known.get(place);
    if (proposal === undefined) return;
    const { height, round, block } = proposal;
    const writer = new Writer().u64(height).u32(round);
    const raws = indices.flatMap((index) => block.transactions[index] ?? []);
    writer.list(raws, MAX_TRANSACTIONS, (raw) => writer.bytes(raw, MAX_TRANSACTION_BYTES));
    link.send(encodeFrame(FRAME.bodies, writer.finish()));
  }

  /** Bodies that were asked for, in that order. @throws LedgerError where the frame is malformed, Error where they do not fit. */
  receiveBodies(link: PeerLink, payload: Bytes): void {
    const { place, raws } = decodeAll(payload, (reader) => ({
      place: placeOf(reader.u64(), reader.u32()), raws: reader.list(MAX_TRANSACTIONS, 4, () => reader.bytes(MAX_TRANSACTION_BYTES)),
    }));
    const ofPeer = this.pending.get(link.keyHex);
    const waiting = ofPeer?.get(place);
    if (waiting === undefined) return;
    ofPeer?.delete(place);
    const missing = missingOf(waiting);
    if (raws.length !== missing.length) throw new Error(`${raws.length} bodies where ${missing.length} were asked for`);
    missing.forEach((index, i) => (waiting.transactions[index] = raws[i]));
    this.complete(link, waiting);
  }

  /** Heights below are over. */
  forget(belowHeight: bigint): void {
    for (const [place, { height }] of this.known) if (height < belowHeight) this.known.delete(place);
    for (const ofPeer of this.pending.values()) for (const [place, { proposal }] of ofPeer) if (proposal.height < belowHeight) ofPeer.delete(place);
  }

  disconnected(link: PeerLink): void {
    this.pending.delete(link.keyHex);
  }

  private complete(link: PeerLink, waiting: Pending): void {
    const { proposal, transactions } = waiting;
    if (missingOf(waiting).length > 0) return this.ask(link, waiting);
    const block: Block = { ...proposal.block, transactions: transactions as Bytes[] };
    if (checkBlockBody(block) === null) {
      // Not remembered: nobody had it from here, and none of it is verified yet. It would take the place of one that was sent.
      this.events.whole(link, { ...proposal, block });
      return;
    }
    // Two transactions whose ids are alike, one here and the other there; or a lie.
    if (waiting.whole) throw new Error('a proposal whose bodies are not those of its header');
    this.ask(link, { ...waiting, transactions: transactions.map(() => undefined), whole: true });
  }

  private ask(link: PeerLink, waiting: Pending): void {
    const ofPeer = this.pending.get(link.keyHex) ?? new Map<string, Pending>();
    this.pending.set(link.keyHex, ofPeer);
    const { height, round } = waiting.proposal;
    ofPeer.delete(placeOf(height, round));
    const oldest = ofPeer.keys().next();
    if (ofPeer.size >= MAX_PENDING_PER_PEER && oldest.done !== true) ofPeer.delete(oldest.value);
    ofPeer.set(placeOf(height, round), waiting);
    const missing = missingOf(waiting);
    const writer = new Writer().u64(height).u32(round);
    writer.list(missing, MAX_TRANSACTIONS, (index) => writer.u32(index));
    link.send(encodeFrame(FRAME.bodiesWanted, writer.finish()));
  }

  private remember(proposal: Proposal): void {
    const place = placeOf(proposal.height, proposal.round);
    this.known.delete(place);
    const oldest = this.known.keys().next();
    if (this.known.size >= MAX_KNOWN && oldest.done !== true) this.known.delete(oldest.value);
    this.known.set(place, proposal);
  }
}

function placeOf(height: bigint, round: number): string {
  return `${height}/${round}`;
}

function missingOf({ transactions }: Pending): number[] {
  const missing: number[] = [];
  for (let i = 0; i < transactions.length; i++) if (transactions[i] === undefined) missing.push(i);
  return missing;
}
