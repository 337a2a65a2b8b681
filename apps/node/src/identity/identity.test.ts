import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicKeyOf, sign, toHex, verify } from '#ledger';
import { loadIdentity, rawPublicKey } from './identity.js';

describe('identity', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'stele-identity-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is made once, for its owner only, and found again', async () => {
    const first = await loadIdentity(folder);
    const file = join(folder, 'keys', 'node.key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'keys')).mode & 0o777).toBe(0o700);
    expect(readFileSync(file, 'utf8')).toBe(`${toHex(first.privateKey)}\n`);
    expect(toHex((await loadIdentity(folder)).publicKey)).toBe(toHex(first.publicKey));
  });

  it('has one key for votes and for its certificate, which does not expire', async () => {
    const { privateKey, publicKey, certPem } = await loadIdentity(folder);
    expect(toHex(publicKey)).toBe(toHex(publicKeyOf(privateKey)));
    const message = new TextEncoder().encode('vote');
    expect(verify(publicKey, message, sign(privateKey, message))).toBe(true);
    const certificate = new X509Certificate(certPem);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(toHex(rawPublicKey(certificate.publicKey))).toBe(toHex(publicKey));
    expect(certificate.subject).toBe('CN=stele-node');
    expect(certificate.validTo).toBe('Dec 31 23:59:59 9999 GMT');
  });

  it.each(['', 'abc', `${'0'.repeat(63)}g`])('is not guessed from a damaged file: %j', async (text) => {
    await loadIdentity(folder);
    writeFileSync(join(folder, 'keys', 'node.key'), text);
    await expect(loadIdentity(folder)).rejects.toThrow('is damaged');
  });
});
