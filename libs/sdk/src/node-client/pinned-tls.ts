import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { rawPublicKey, type TlsIdentity } from './identity.js';

/**
 * TLS 1.3 options that present our certificate. Certificates are self-signed, so the library's own check is off and
 * **whoever connects must call {@link peerKey} before the first byte**: {@link connectPinned} does.
 */
export function pinnedTlsOptions(identity: TlsIdentity): ConnectionOptions {
  return { cert: identity.certPem, key: identity.keyPem, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', rejectUnauthorized: false, checkServerIdentity: () => undefined };
}

/** On a client's socket Node hands out the peer's certificate once and takes it out of its chain: a second call finds none. */
const keys = new WeakMap<TLSSocket, Uint8Array>();

/** The raw Ed25519 key that the other end has proved to hold. @throws Error where it showed none, or another kind. */
export function peerKey(socket: TLSSocket): Uint8Array {
  const known = keys.get(socket);
  if (known !== undefined) return known;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw new Error('the other end showed no certificate');
  const key = rawPublicKey(certificate.publicKey);
  keys.set(socket, key);
  return key;
}

/** Splits `host:port`, also `[v6]:port`. */
export function parseEndpoint(endpoint: string): { host: string; port: number } {
  const colon = endpoint.lastIndexOf(':');
  return { host: endpoint.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(endpoint.slice(colon + 1)) };
}

/**
 * Connects and hands the socket over only once the other end has proved to hold `expectedKey` (null: any key, for enrolment,
 * where the secret's proof follows).
 */
export function connectPinned(endpoint: string, identity: TlsIdentity, expectedKey: Uint8Array | null, timeoutMs: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...pinnedTlsOptions(identity), ...parseEndpoint(endpoint) });
    const timer = setTimeout(() => socket.destroy(new Error(`${endpoint} did not finish the TLS handshake within ${timeoutMs} ms`)), timeoutMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    const closed = (): void => fail(new Error(`${endpoint} closed the connection during the TLS handshake`));
    socket.once('error', fail);
    socket.once('close', closed);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      try {
        const key = peerKey(socket);
        if (expectedKey !== null && !Buffer.from(key).equals(expectedKey)) throw new Error(`${endpoint} holds another key than the one that is pinned`);
      } catch (error) {
        socket.destroy();
        reject(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      socket.removeListener('error', fail);
      socket.removeListener('close', closed);
      // Whoever gets the socket listens for itself, but not before its next turn: a reset in between must not end the process.
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
  });
}
