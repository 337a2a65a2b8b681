import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { TENANT_ROLES, type ApiKeyScope, type PlatformRole, type TenantRole } from '#contracts';
import type { Identity, TenantIdentity } from './identity.js';
import type { RoutePolicy } from './policy.rules.js';

export const POLICY = Symbol('RoutePolicy');

const declare = (policy: RoutePolicy): MethodDecorator => SetMetadata(POLICY, policy);

const READERS: readonly TenantRole[] = TENANT_ROLES;
const DEVELOPERS: readonly TenantRole[] = ['owner', 'admin', 'developer'];
const WRITERS: readonly TenantRole[] = ['owner', 'admin'];

/** Declares who may use a route: `@Policy.tenantWriter('chains:write')`. */
export const Policy = {
  public: () => declare({ kind: 'public' }),
  anyone: () => declare({ kind: 'anyone' }),
  /** Everyone in the tenant, auditors included; API keys with that scope. */
  tenantReader: (scope: ApiKeyScope | null) => declare({ kind: 'tenant', roles: READERS, scope }),
  /** Owners, admins and developers; API keys with that scope. */
  tenantDeveloper: (scope: ApiKeyScope | null) => declare({ kind: 'tenant', roles: DEVELOPERS, scope }),
  /** Owners and admins; API keys with that scope. */
  tenantWriter: (scope: ApiKeyScope | null) => declare({ kind: 'tenant', roles: WRITERS, scope }),
  platform: (...roles: PlatformRole[]) => declare({ kind: 'platform', roles }),
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the policy guard. */
    identity?: Identity;
  }
}

function identityOf(context: ExecutionContext): Identity {
  const { identity } = context.switchToHttp().getRequest<FastifyRequest>();
  if (identity === undefined) throw new Error('a public route asked for its caller');
  return identity;
}

/** The caller of a route that is not public. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): Identity => identityOf(context));

/** The caller of a tenant route: the guard has made sure that it acts for a tenant. */
export const TenantCaller = createParamDecorator((_data: unknown, context: ExecutionContext): TenantIdentity => {
  const identity = identityOf(context);
  if (identity.tenantId === null || identity.role === null) throw new Error('a route without a tenant policy asked for a tenant');
  return { ...identity, tenantId: identity.tenantId, role: identity.role };
});
