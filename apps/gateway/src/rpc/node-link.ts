import type { TLSSocket } from 'node:tls';
import { connectPinned, type TlsIdentity } from '#sdk';

/** Where a node's JSON-RPC listener answers, and whose key must be there. */
export interface NodeAddress {
  nodeId: string;
  /** Raw Ed25519 public key, 32 bytes as 0x hex. */
  publicKey: string;
  /** `host:port`, the best first. */
  endpoints: string[];
}

const CONNECT_TIMEOUT_MS = 1_500;

/** Opens pinned connections to one node, by whichever of its addresses answers; remembers which one did. */
export class NodeLink {
  private readonly expectedKey: Buffer;
  private best = 0;

  constructor(
    readonly address: NodeAddress,
    private readonly identity: TlsIdentity,
  ) {
    this.expectedKey = Buffer.from(address.publicKey.replace(/^0x/, ''), 'hex');
    if (this.expectedKey.length !== 32) throw new Error(`node ${address.nodeId} has no Ed25519 key`);
  }

  /** @throws Error of the last address tried. */
  async open(): Promise<TLSSocket> {
    const { endpoints, nodeId } = this.address;
    let last: unknown = new Error(`node ${nodeId} has no endpoint`);
    const first = this.best;
    for (let i = 0; i < endpoints.length; i++) {
      const index = (first + i) % endpoints.length;
      try {
        const socket = await connectPinned(endpoints[index] as string, this.identity, this.expectedKey, CONNECT_TIMEOUT_MS);
        this.best = index;
        socket.setNoDelay(true);
        return socket;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }
}
