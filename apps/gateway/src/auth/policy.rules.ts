import type { ApiKeyScope, ErrorCode, PlatformRole, TenantRole } from '#contracts';
import type { Identity } from './identity.js';

/** Who may use a route. Every route declares one; a route without one is refused. */
export type RoutePolicy =
  | { kind: 'public' }
  /** Anyone who is logged in or holds an API key. */
  | { kind: 'anyone' }
  /** Logged-in people with one of these roles in the tenant that they act for; API keys only with `scope`, where there is one. */
  | { kind: 'tenant'; roles: readonly TenantRole[]; scope: ApiKeyScope | null }
  /** Logged-in people with one of these platform roles; never an API key. */
  | { kind: 'platform'; roles: readonly PlatformRole[] };

export type Verdict = { allowed: true } | { allowed: false; code: ErrorCode; detail?: string };

const ALLOWED: Verdict = { allowed: true };

/** Decides on a route before anything is read: so the answer tells nothing about what exists. */
export function decide(policy: RoutePolicy | undefined, identity: Identity | null): Verdict {
  if (policy === undefined) return { allowed: false, code: 'forbidden', detail: 'this route declares no policy' };
  if (policy.kind === 'public') return ALLOWED;
  if (identity === null) return { allowed: false, code: 'unauthenticated' };
  switch (policy.kind) {
    case 'anyone':
      return ALLOWED;
    case 'platform':
      if (identity.scopes !== null) return { allowed: false, code: 'forbidden', detail: 'API keys may not administer the platform' };
      return identity.platformRole !== null && policy.roles.includes(identity.platformRole)
        ? ALLOWED
        : { allowed: false, code: 'forbidden', detail: 'only for the platform’s own people' };
    case 'tenant':
      return decideTenant(policy.roles, policy.scope, identity);
  }
}

function decideTenant(roles: readonly TenantRole[], scope: ApiKeyScope | null, identity: Identity): Verdict {
  if (identity.tenantId === null || identity.role === null) return { allowed: false, code: 'forbidden', detail: 'this user belongs to no tenant' };
  if (identity.scopes !== null) {
    if (scope === null) return { allowed: false, code: 'forbidden', detail: 'not with an API key: log in' };
    if (!identity.scopes.includes(scope)) return { allowed: false, code: 'forbidden', detail: `the API key lacks the scope ${scope}` };
  }
  return roles.includes(identity.role) ? ALLOWED : { allowed: false, code: 'forbidden', detail: `not as ${identity.role}` };
}
