/** Tenants, users, sessions and API keys. */
import { z } from 'zod';
import { EmailSchema, NameSchema, TimestampSchema } from './common.js';
import { idSchema } from './ids.js';

export const TENANT_ROLES = ['owner', 'admin', 'developer', 'auditor'] as const;
export const TenantRoleSchema = z.enum(TENANT_ROLES);
export type TenantRole = z.infer<typeof TenantRoleSchema>;

export const PlatformRoleSchema = z.enum(['admin', 'operator']);
export type PlatformRole = z.infer<typeof PlatformRoleSchema>;

/** Long enough to resist guessing; bounded, because hashing a megabyte is work for an attacker's benefit. */
export const PasswordSchema = z.string().min(10).max(200);

export const UserSchema = z
  .object({ id: idSchema('user'), email: z.string(), name: z.string(), platformRole: PlatformRoleSchema.nullable(), createdAt: TimestampSchema })
  .meta({ id: 'User' });
export type UserView = z.infer<typeof UserSchema>;

export const TenantSchema = z
  .object({ id: idSchema('tenant'), name: z.string(), slug: z.string(), createdAt: TimestampSchema })
  .meta({ id: 'Tenant' });
export type TenantView = z.infer<typeof TenantSchema>;

/** POST /v1/tenants: an organization and its first owner. */
export const CreateTenantRequestSchema = z
  .strictObject({
    name: NameSchema,
    slug: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'must be 1 to 40 of a-z, 0-9 and inner hyphens').optional(),
    owner: z.strictObject({ email: EmailSchema, password: PasswordSchema, name: NameSchema }),
  })
  .meta({ id: 'CreateTenantRequest' });
export type CreateTenantRequest = z.infer<typeof CreateTenantRequestSchema>;

export const CreateTenantResponseSchema = z.object({ tenant: TenantSchema, user: UserSchema }).meta({ id: 'CreateTenantResponse' });
export type CreateTenantResponse = z.infer<typeof CreateTenantResponseSchema>;

/** POST /v1/sessions. */
export const LoginRequestSchema = z.strictObject({ email: EmailSchema, password: z.string().max(200) }).meta({ id: 'LoginRequest' });
export type LoginRequest = z.infer<typeof LoginRequestSchema>;

/** POST /v1/sessions/refresh: a refresh token works once and is answered with its successor. */
export const RefreshRequestSchema = z.strictObject({ refreshToken: z.string().max(200) }).meta({ id: 'RefreshRequest' });
export type RefreshRequest = z.infer<typeof RefreshRequestSchema>;

export const SessionSchema = z
  .object({
    tokenType: z.literal('Bearer'),
    accessToken: z.string(),
    expiresInSeconds: z.int(),
    refreshToken: z.string(),
    refreshExpiresAt: TimestampSchema,
  })
  .meta({ id: 'Session' });
export type SessionView = z.infer<typeof SessionSchema>;

export const API_KEY_SCOPES = ['chains:read', 'chains:write', 'rpc'] as const;
export const ApiKeyScopeSchema = z.enum(API_KEY_SCOPES);
export type ApiKeyScope = z.infer<typeof ApiKeyScopeSchema>;

/** GET /v1/me: who the caller is and which tenants it may act for. */
export const MeSchema = z
  .object({
    user: UserSchema,
    /** The tenant that this request acts for: the API key's, the one named by `Stele-Tenant`, or the user's first. */
    tenantId: idSchema('tenant').nullable(),
    memberships: z.array(z.object({ tenant: TenantSchema, role: TenantRoleSchema })),
    authentication: z.enum(['session', 'apiKey']),
    /** Null for a session, which is limited by its roles only. */
    scopes: z.array(ApiKeyScopeSchema).nullable(),
  })
  .meta({ id: 'Me' });
export type MeView = z.infer<typeof MeSchema>;

/** POST /v1/api-keys. Without an expiry a key lives 90 days. */
export const CreateApiKeyRequestSchema = z
  .strictObject({
    name: NameSchema,
    scopes: z.array(ApiKeyScopeSchema).min(1).max(API_KEY_SCOPES.length),
    expiresInDays: z.int().min(1).max(366).default(90),
  })
  .meta({ id: 'CreateApiKeyRequest' });
export type CreateApiKeyRequest = z.infer<typeof CreateApiKeyRequestSchema>;

export const ApiKeySchema = z
  .object({
    id: idSchema('apiKey'),
    name: z.string(),
    /** The first characters of the key, to recognise it by. */
    prefix: z.string(),
    scopes: z.array(ApiKeyScopeSchema),
    createdAt: TimestampSchema,
    expiresAt: TimestampSchema,
    lastUsedAt: TimestampSchema.nullable(),
    revokedAt: TimestampSchema.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyView = z.infer<typeof ApiKeySchema>;

/** The only answer that ever holds the key itself. */
export const CreatedApiKeySchema = ApiKeySchema.extend({ key: z.string() }).meta({ id: 'CreatedApiKey' });
export type CreatedApiKeyView = z.infer<typeof CreatedApiKeySchema>;
