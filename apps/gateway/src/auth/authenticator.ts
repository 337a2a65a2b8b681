import { Injectable } from '@nestjs/common';
import { AccessTokens } from './access-tokens.js';
import type { Credential } from './credentials.rules.js';
import { Identities } from './identities.js';
import type { Identity } from './identity.js';

/** Authenticates what does not pass through Nest's routes: JSON-RPC over HTTP and WebSocket. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly identities: Identities,
  ) {}

  /** @throws CodedError `unauthenticated`, `token_expired` or `forbidden` */
  async identify(credential: Credential, wishedTenant: string | null): Promise<Identity> {
    if (credential.kind === 'apiKey') return this.identities.ofApiKey(credential.key);
    return this.identities.ofSession(await this.tokens.verify(credential.token), wishedTenant);
  }
}
