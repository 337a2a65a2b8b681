import type { ApiKeyScope, PlatformRole, TenantRole } from '#contracts';

/** Who makes a request, as far as authentication found out. */
export interface Identity {
  authentication: 'session' | 'apiKey';
  userId: string;
  platformRole: PlatformRole | null;
  /** The tenant that this request acts for; null where the user belongs to none. */
  tenantId: string | null;
  /** The user's role in that tenant. */
  role: TenantRole | null;
  /** What an API key is limited to; null for a session. */
  scopes: ApiKeyScope[] | null;
  /** When the credential ends, in Unix milliseconds. */
  expiresAtMs: number;
}

/** An identity that acts for a tenant, which is what every tenant route gets. */
export interface TenantIdentity extends Identity {
  tenantId: string;
  role: TenantRole;
}
