import { EventEmitter } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { generateKeyPair } from '#ledger';
import { createLogger } from '../log/logger.js';
import { encodeFrame, FRAME } from './frames.js';
import { helloFrame } from './messages.js';
import { Mesh, type MeshEvents } from './mesh.js';

/** What a link uses of a socket. */
class FakeSocket extends EventEmitter {
  readonly writableLength = 0;
  closed = false;

  write(): boolean {
    return true;
  }
  isPaused(): boolean {
    return false;
  }
  destroy(): void {
    this.closed = true;
  }
}

const GENESIS = new Uint8Array(32).fill(7);
const nothing = (): void => undefined;

describe('connections whose hello has not come', () => {
  let mesh: Mesh;
  let up = 0;
  beforeEach(() => {
    up = 0;
    const events: MeshEvents = { up: () => void (up += 1), down: nothing, height: nothing, frame: nothing };
    mesh = new Mesh({ ...generateKeyPair(), certPem: '', keyPem: '' }, GENESIS, () => 1n, events, createLogger('silent'));
  });
  afterEach(() => mesh.stop());

  function dials(key: Uint8Array): FakeSocket {
    const socket = new FakeSocket();
    mesh.accept(socket as unknown as TLSSocket, key);
    return socket;
  }

  it('are few for each peer, the newest: pings and the beginning of a frame keep no others', () => {
    const [one, other] = [generateKeyPair().publicKey, generateKeyPair().publicKey];
    const honest = dials(other);
    const sockets = Array.from({ length: 50 }, () => {
      const socket = dials(one);
      socket.emit('data', encodeFrame(FRAME.ping, new Uint8Array()));
      socket.emit('data', encodeFrame(FRAME.hello, new Uint8Array(1_000_000)).subarray(0, 1000));
      return socket;
    });
    expect(sockets.flatMap(({ closed }, i) => (closed ? [] : [i]))).toEqual([46, 47, 48, 49]);
    expect(honest.closed).toBe(false);
    honest.emit('data', helloFrame({ genesisHash: GENESIS, height: 3n }));
    dials(one).emit('data', helloFrame({ genesisHash: GENESIS, height: 3n }));
    expect(up).toBe(2);
  });
});
