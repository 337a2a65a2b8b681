import 'reflect-metadata';
import { createPrivateKey, createPublicKey, randomBytes, webcrypto, type KeyObject } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { X509CertificateGenerator } from '@peculiar/x509';

/** An Ed25519 key and the self-signed certificate that carries it through TLS 1.3. Only the key counts. */
export interface TlsIdentity {
  certPem: string;
  keyPem: string;
  /** Raw, 32 bytes. */
  publicKey: Uint8Array;
}

/** PKCS #8 of a raw Ed25519 seed: RFC 8410, section 7, up to the seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
/** There is nothing to expire: trust comes from the pinned key. RFC 5280, section 4.1.2.5, for "no expiration". */
const NOT_AFTER = new Date('9999-12-31T23:59:59Z');
const NOT_BEFORE = new Date('2020-01-01T00:00:00Z');

/** The raw public key of an Ed25519 key object. @throws Error for another kind of key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const jwk = key.export({ format: 'jwk' });
  if (jwk.crv !== 'Ed25519' || jwk.x === undefined) throw new Error('the key is not an Ed25519 key');
  return new Uint8Array(Buffer.from(jwk.x, 'base64url'));
}

/** @param seed 32 bytes. */
export async function makeIdentity(seed: Uint8Array): Promise<TlsIdentity> {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  const usable = { name: 'Ed25519' };
  const pair = {
    privateKey: await webcrypto.subtle.importKey('pkcs8', privateKey.export({ format: 'der', type: 'pkcs8' }), usable, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', publicKey.export({ format: 'der', type: 'spki' }), usable, true, ['verify']),
  };
  const certificate = await X509CertificateGenerator.createSelfSigned(
    { serialNumber: '01', name: 'CN=stele', notBefore: NOT_BEFORE, notAfter: NOT_AFTER, signingAlgorithm: usable, keys: pair },
    webcrypto as Parameters<typeof X509CertificateGenerator.createSelfSigned>[1],
  );
  return { certPem: certificate.toString('pem'), keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), publicKey: rawPublicKey(publicKey) };
}

/**
 * The 32-byte seed in `<home>/keys/<name>.key` (hex, mode 0600), made at first use: written aside and then linked, so that
 * two processes that start at once agree on one.
 */
export function loadOrCreateSeed(home: string, name: string): Uint8Array {
  const folder = join(home, 'keys');
  const file = join(folder, `${name}.key`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    return readSeed(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  writeFileSync(aside, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  return readSeed(file);
}

function readSeed(file: string): Uint8Array {
  const text = readFileSync(file, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`${file} must hold 64 hex digits`);
  return new Uint8Array(Buffer.from(text, 'hex'));
}
