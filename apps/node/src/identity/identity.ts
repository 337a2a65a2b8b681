import { createPrivateKey, createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncFolder } from '../disk/sync-folder.js';
import { selfSignedCertificate } from './certificate.js';

/** This node: one Ed25519 key, for votes and for TLS (docs/adr/0002). */
export interface Identity {
  /** 32-byte seed; never leaves the process. */
  privateKey: Uint8Array;
  publicKey: Uint8Array;
  certPem: string;
  keyPem: string;
}

/** PKCS #8 of a raw Ed25519 seed: RFC 8410, section 7, up to the seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The node's key from its own volume, made at the first start: whole and durable before it is used, mode 0600. */
export async function loadIdentity(dataFolder: string): Promise<Identity> {
  const file = join(dataFolder, 'keys', 'node.key');
  const seed = readSeed(file) ?? createSeed(file);
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  return {
    privateKey: seed,
    publicKey: rawPublicKey(publicKey),
    certPem: selfSignedCertificate(privateKey, publicKey),
    keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

/** The raw public key of an Ed25519 key object. @throws Error for another kind of key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const jwk = key.export({ format: 'jwk' });
  if (jwk.crv !== 'Ed25519' || jwk.x === undefined) throw new Error('the key is not an Ed25519 key');
  return new Uint8Array(Buffer.from(jwk.x, 'base64url'));
}

function readSeed(file: string): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`${file} is damaged: it must hold 64 hex digits. A node whose key is lost must join again with a new one.`);
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function createSeed(file: string): Uint8Array {
  const seed = new Uint8Array(randomBytes(32));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  rmSync(`${file}.new`, { force: true });
  writeFileSync(`${file}.new`, `${Buffer.from(seed).toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(`${file}.new`, file);
  syncFolder(dirname(file));
  return seed;
}
