import type { ChainStore } from '#evm';
import { createLogger } from '../../log/logger.js';
import { FRAME } from '../../peer/frames.js';
import type { PeerLink } from '../../peer/link.js';
import { Mesh } from '../../peer/mesh.js';
import { decodeBlocksWanted } from '../../peer/messages.js';
import type { TestMember } from './test-world.js';

/** What it answers to a request for blocks. */
export type Answer = (link: PeerLink, from: bigint, to: bigint) => void;

/** A peer that holds an honest node's key, says that it has every block, and answers as it likes. Speaks the real protocol over TLS. */
export class FalsePeer {
  readonly asked: { from: bigint; to: bigint; atMs: number }[] = [];
  /** Connections that the others have closed. */
  closed = 0;
  private readonly mesh: Mesh;

  constructor(member: TestMember, source: ChainStore, answer: Answer) {
    const events = {
      up: () => undefined,
      down: () => {
        this.closed += 1;
      },
      height: () => undefined,
      frame: (link: PeerLink, type: number, payload: Uint8Array): void => {
        if (type !== FRAME.blocksWanted) return;
        const { from, to } = decodeBlocksWanted(payload);
        this.asked.push({ from, to, atMs: Date.now() });
        answer(link, from, to);
      },
    };
    this.mesh = new Mesh(member.identity, source.genesisHash, () => source.head().height, events, createLogger('silent'));
    member.serveWith((socket, key) => this.mesh.accept(socket, key));
  }

  stop(): void {
    this.mesh.stop();
  }
}
