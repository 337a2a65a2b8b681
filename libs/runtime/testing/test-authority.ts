import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate authority for tests, by openssl: what a site's operator makes to open an engine over TCP. */
export class TestAuthority {
  private count = 0;

  constructor(private readonly folder: string) {}

  /** @param name an IPv4 address for a server, any name for a client. */
  issue(use: 'server' | 'client', name: string): { ca: string; cert: string; key: string } {
    if (!existsSync(this.path('ca.pem'))) this.makeRoot();
    const base = `${use}-${this.count++}`;
    this.openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-keyout', this.path(`${base}.key`), '-out', this.path(`${base}.csr`));
    writeFileSync(this.path(`${base}.ext`), `extendedKeyUsage=${use}Auth\n${use === 'server' ? `subjectAltName=IP:${name}\n` : ''}`);
    this.openssl('x509', '-req', '-in', this.path(`${base}.csr`), '-CA', this.path('ca.pem'), '-CAkey', this.path('ca.key'), '-CAcreateserial', '-days', '1', '-extfile', this.path(`${base}.ext`), '-out', this.path(`${base}.pem`));
    return { ca: this.read('ca.pem'), cert: this.read(`${base}.pem`), key: this.read(`${base}.key`) };
  }

  private makeRoot(): void {
    mkdirSync(this.folder, { recursive: true });
    this.openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=test authority', '-keyout', this.path('ca.key'), '-out', this.path('ca.pem'));
  }

  private openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  private path(name: string): string {
    return join(this.folder, name);
  }

  private read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }
}
