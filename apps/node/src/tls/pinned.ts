import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { equalBytes } from '#ledger';
import { rawPublicKey, type Identity } from '../identity/identity.js';

const HANDSHAKE_TIMEOUT_MS = 5000;

/** Whether the holder of this raw Ed25519 key may talk to us. Asked at each handshake, so that sets may change. */
export type Admits = (key: Uint8Array) => boolean;

function tlsOptions(identity: Identity): { cert: string; key: string; minVersion: 'TLSv1.3'; maxVersion: 'TLSv1.3'; rejectUnauthorized: false } {
  return { cert: identity.certPem, key: identity.keyPem, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', rejectUnauthorized: false };
}

function keyOf(socket: TLSSocket): Uint8Array | undefined {
  try {
    const certificate = socket.getPeerX509Certificate();
    return certificate === undefined ? undefined : rawPublicKey(certificate.publicKey);
  } catch {
    return undefined;
  }
}

/**
 * A TLS 1.3 listener that hands over only sockets whose holder has proved a key that `admits` accepts; all others are closed
 * before one byte of theirs is looked at. Certificates are self-signed: the key is all that counts.
 */
export function createPinnedListener(identity: Identity, admits: Admits, onSocket: (socket: TLSSocket, key: Uint8Array) => void): Server {
  const server = createServer({ ...tlsOptions(identity), requestCert: true, handshakeTimeout: HANDSHAKE_TIMEOUT_MS, noDelay: true });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy());
    const key = keyOf(socket);
    if (key === undefined || !admits(key)) {
      socket.destroy();
      return;
    }
    onSocket(socket, key);
  });
  // Scanners and strangers fail the handshake: that is no event of ours.
  server.on('tlsClientError', () => undefined);
  return server;
}

/** Connects to a peer; resolves once it has proved to hold `expectedKey`. */
export function dialPinned(identity: Identity, host: string, port: number, expectedKey: Uint8Array, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...tlsOptions(identity), host, port, checkServerIdentity: () => undefined });
    const giveUp = (): void => void socket.destroy(new Error('given up'));
    signal.addEventListener('abort', giveUp, { once: true });
    const timer = setTimeout(() => socket.destroy(new Error(`no handshake within ${HANDSHAKE_TIMEOUT_MS} ms`)), HANDSHAKE_TIMEOUT_MS);
    const fail = (error?: Error): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      reject(error ?? new Error('closed during the handshake'));
    };
    const closed = (): void => fail();
    socket.once('error', fail);
    socket.once('close', closed);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      const key = keyOf(socket);
      if (key === undefined || !equalBytes(key, expectedKey)) {
        socket.destroy(new Error(`${host}:${port} holds another key than the one that is pinned`));
        return;
      }
      socket.removeListener('error', fail);
      socket.removeListener('close', closed);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

export function listen(server: { listen(port: number, host: string, done: () => void): unknown; once(event: 'error', done: (error: Error) => void): unknown; address(): unknown }, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as { port: number }).port));
  });
}
