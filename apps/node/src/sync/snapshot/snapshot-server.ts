import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { encodeBlock, encodeCertificate, Writer, type Bytes, type Header } from '#ledger';
import type { ChainStore } from '#evm';
import type { PeerLink } from '../../peer/link.js';
import { decodeSnapshotWanted, encodeChanges, encodeCodes, encodeHeaders, MAX_CHANGES, MAX_HEADERS, snapshotPartFrame, type SnapshotRequest } from './protocol.js';

/** Requests of one peer that wait for their answer; whoever sends more speaks another protocol. */
const MAX_REQUESTS = 32;
const MAX_BYTES_PER_SECOND = 16 * 1024 * 1024;
/** No further answer goes out while so much waits for the peer to read it. */
const MAX_WAITING_BYTES = 2 * 1024 * 1024;
const LOOK_AGAIN_MS = 10;
const NOTHING = new Uint8Array(0);

interface Served {
  requests: { id: number; request: SnapshotRequest }[];
  paidUntilMs: number;
  busy: boolean;
}

/** Answers nodes that begin from a snapshot: one request of a peer after another, bounded, the event loop between (N6). */
export class SnapshotServer {
  private readonly peers = new Map<string, Served>();
  private stopped = false;

  constructor(private readonly store: ChainStore) {}

  /** @throws LedgerError, Error where no honest node asks so. */
  asked(link: PeerLink, payload: Uint8Array): void {
    const wanted = decodeSnapshotWanted(payload);
    const served = this.peers.get(link.keyHex) ?? { requests: [], paidUntilMs: 0, busy: false };
    this.peers.set(link.keyHex, served);
    if (served.requests.length >= MAX_REQUESTS) throw new Error(`more than ${MAX_REQUESTS} requests at once`);
    served.requests.push(wanted);
    if (!served.busy) void this.serve(link, served);
  }

  forget(link: PeerLink): void {
    this.peers.delete(link.keyHex);
  }

  stop(): void {
    this.stopped = true;
  }

  private async serve(link: PeerLink, served: Served): Promise<void> {
    served.busy = true;
    for (let next = served.requests[0]; next !== undefined && !link.closed; next = served.requests[0]) {
      await nextTurn();
      while (!link.closed && (link.waitingBytes > MAX_WAITING_BYTES || served.paidUntilMs > Date.now())) await delay(LOOK_AGAIN_MS);
      if (this.stopped || link.closed) break;
      const answer = this.answerTo(next.request) ?? NOTHING;
      served.paidUntilMs = Math.max(Date.now() - LOOK_AGAIN_MS, served.paidUntilMs) + (answer.length * 1000) / MAX_BYTES_PER_SECOND;
      link.send(snapshotPartFrame(next.id, answer));
      served.requests.shift();
    }
    served.busy = false;
  }

  private answerTo(request: SnapshotRequest): Bytes | null {
    const { store } = this;
    switch (request.kind) {
      case 'block': {
        const [block, certificate] = [store.block(request.height), store.certificate(request.height)];
        return block === null || certificate === null ? null : encodeSignedBlock(encodeBlock(block), encodeCertificate(certificate));
      }
      case 'headers': {
        const headers: Header[] = [];
        for (let height = request.from; height <= request.to && headers.length < MAX_HEADERS; height++) {
          const header = store.header(height);
          if (header === null) return null;
          headers.push(header);
        }
        return encodeHeaders(headers);
      }
      case 'changes':
        return encodeChanges(store.validatorChanges(request.from, request.below, MAX_CHANGES));
      case 'part':
        return request.place.depth > 256 ? null : store.part(request.place, request.height);
      case 'codes':
        return encodeCodes(request.hashes.flatMap((hash) => store.code(hash) ?? []));
    }
  }
}

function encodeSignedBlock(block: Bytes, certificate: Bytes): Bytes {
  return new Writer().bytes(block, 0xffff_ffff).bytes(certificate, 0xffff_ffff).finish();
}
