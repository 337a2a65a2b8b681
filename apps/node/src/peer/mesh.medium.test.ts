import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'node:tls';
import { sha256, toHex, utf8 } from '#ledger';
import { loadIdentity, type Identity } from '../identity/identity.js';
import { createLogger } from '../log/logger.js';
import { createPinnedListener, listen } from '../tls/pinned.js';
import { encodeFrame, FRAME } from './frames.js';
import type { PeerLink } from './link.js';
import { Mesh } from './mesh.js';

const CHAIN = sha256(utf8('chain'));

/** Two or more meshes over real TLS on loopback. */
class Peer {
  readonly mesh: Mesh;
  readonly heard: string[] = [];
  private listener: Server | undefined;
  port = 0;

  constructor(readonly identity: Identity, private readonly admits: () => readonly Identity[], chain = CHAIN) {
    this.mesh = new Mesh(identity, chain, () => 7n, {
      up: () => undefined,
      down: () => undefined,
      height: () => undefined,
      frame: (_link: PeerLink, type, payload) => this.heard.push(`${type}:${Buffer.from(payload).toString()}`),
    }, createLogger('silent'));
  }

  async listen(port = 0): Promise<void> {
    this.listener = createPinnedListener(this.identity, (key) => this.admits().some((one) => Buffer.from(one.publicKey).equals(key)), (socket, key) => this.mesh.accept(socket, key));
    this.port = await listen(this.listener, '127.0.0.1', port);
  }

  close(): void {
    this.listener?.close();
    this.mesh.stop();
  }
}

const endpointsOf = (peers: readonly Peer[]): Record<string, string[]> => Object.fromEntries(peers.map((peer) => [toHex(peer.identity.publicKey), [`127.0.0.1:${peer.port}`]]));

async function until(condition: () => boolean, what: string, withinMs = 8000): Promise<void> {
  const limit = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > limit) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('mesh', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stele-mesh-'));
  let identities: Identity[];
  let peers: Peer[] = [];
  beforeAll(async () => {
    identities = await Promise.all(['a', 'b', 'c', 'stranger'].map((name) => loadIdentity(join(folder, name))));
  });
  afterEach(() => {
    for (const peer of peers) peer.close();
    peers = [];
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const members = (): Identity[] => identities.slice(0, 3);
  async function three(): Promise<Peer[]> {
    peers = members().map((identity) => new Peer(identity, members));
    await Promise.all(peers.map((peer) => peer.listen()));
    for (const peer of peers) peer.mesh.setEndpoints(endpointsOf(peers));
    await until(() => peers.every((peer) => peer.mesh.up.length === 2), 'all connected');
    return peers;
  }

  it('settles on one connection for each pair, though both dial, and loses nothing meanwhile', async () => {
    const [a, b, c] = (await three()) as [Peer, Peer, Peer];
    for (let i = 0; i < 20; i++) {
      a.mesh.broadcast(encodeFrame(FRAME.vote, Buffer.from(String(i))));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => b.heard.length >= 20 && c.heard.length >= 20, 'all heard');
    expect(b.heard).toEqual(Array.from({ length: 20 }, (_, i) => `${FRAME.vote}:${i}`));
    expect(a.mesh.up.map((link) => link.height)).toEqual([7n, 7n]);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const [ab, ba] = [a.mesh.linkOf(toHex(b.identity.publicKey)), b.mesh.linkOf(toHex(a.identity.publicKey))];
    expect(ab?.outbound).toBe(!(ba?.outbound ?? true));
    expect([ab?.closed, ba?.closed]).toEqual([false, false]);
  });

  it('connects again when a peer was gone', async () => {
    const [a, b] = (await three()) as [Peer, Peer, Peer];
    const { port } = b;
    b.close();
    await until(() => a.mesh.up.length === 1, 'the loss is seen');
    const back = new Peer(b.identity, members);
    peers.push(back);
    await back.listen(port);
    await until(() => a.mesh.up.length === 2, 'connected again');
  });

  it('lets go of a dial that hangs when it is told of endpoints anew', async () => {
    const [a, b] = [new Peer(identities[0] as Identity, members), new Peer(identities[1] as Identity, members)];
    peers = [a, b];
    await Promise.all(peers.map((peer) => peer.listen()));
    // It takes connections and never says a word, as a name that does not resolve yet.
    const held: Socket[] = [];
    const mute = createServer((socket) => held.push(socket.on('error', () => undefined)));
    await listen(mute, '127.0.0.1', 0);
    try {
      a.mesh.setEndpoints({ [toHex(b.identity.publicKey)]: [`127.0.0.1:${(mute.address() as AddressInfo).port}`] });
      await until(() => held.length === 1, 'the dial hangs');
      a.mesh.setEndpoints(endpointsOf([b]));
      await until(() => a.mesh.up.length === 1, 'connected before the handshake of the first dial times out', 4500);
    } finally {
      for (const socket of held) socket.destroy();
      mute.close();
    }
  });

  it('stays apart from a peer of another chain', async () => {
    const [one, two] = [new Peer(identities[0] as Identity, members), new Peer(identities[1] as Identity, members, sha256(utf8('other')))];
    peers = [one, two];
    await Promise.all(peers.map((peer) => peer.listen()));
    one.mesh.setEndpoints(endpointsOf([two]));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([one.mesh.up.length, two.mesh.up.length]).toEqual([0, 0]);
  });

  it('admits no stranger, and trusts no other key where a peer should be', async () => {
    const [a] = (await three()) as [Peer, Peer, Peer];
    const stranger = new Peer(identities[3] as Identity, () => identities);
    peers.push(stranger);
    await stranger.listen();
    stranger.mesh.setEndpoints(endpointsOf([a]));
    a.mesh.setEndpoints({ [toHex((identities[1] as Identity).publicKey)]: [`127.0.0.1:${stranger.port}`] });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(stranger.mesh.up).toEqual([]);
  });
});
