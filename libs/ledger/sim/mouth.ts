import type { Message, State } from '../src/index.js';
import type { Liar } from './lies/liar.js';
import type { Packet } from './network.js';
import type { NodePort } from './node-port.js';
import { distort, toWire } from './wire.js';
import type { World } from './world.js';

/** How often a liar that breaks the encoding does so. */
const DISTORT_RATE = 0.3;

/** What becomes of a node's messages on their way to its peers: as objects or as bytes, and for liars whatever they make of them. */
export class Mouth {
  constructor(
    private readonly node: NodePort,
    private readonly world: World,
    private readonly liar: Liar | null,
  ) {}

  tell(state: State, message: Message): void {
    const { node, world, liar } = this;
    if (liar !== null) return this.lie(liar, state, message);
    const packet = this.packetOf(message);
    if (packet !== null) for (const to of node.peers()) world.network.send(node.index, to, packet);
  }

  private lie(liar: Liar, state: State, message: Message): void {
    const { node, world } = this;
    for (const to of node.peers()) {
      for (const decided of liar.offers(state)) world.network.send(node.index, to, { type: 'decided', decided });
      for (const one of liar.tell(state, message, to)) {
        const packet = this.packetOf(one);
        if (packet !== null) world.network.send(node.index, to, packet);
        if (packet?.type === 'wire' && liar.tells('nonCanonical') && world.random.chance(DISTORT_RATE)) world.network.send(node.index, to, { type: 'wire', message: distort(packet.message, world.random) });
      }
    }
  }

  /** Null for what has no encoding, where messages travel as bytes. */
  private packetOf(message: Message): Packet | null {
    if (!this.world.plan.encoded) return { type: 'consensus', message };
    const wire = toWire(message);
    return wire === null ? null : { type: 'wire', message: wire };
  }
}
