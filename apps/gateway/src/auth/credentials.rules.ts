import { API_KEY_PREFIX } from './api-key.rules.js';

/** What a request shows to say who it is. */
export type Credential = { kind: 'accessToken'; token: string } | { kind: 'apiKey'; key: string };

type Headers = Record<string, string | string[] | undefined>;

function single(value: string | string[] | undefined): string | null {
  const text = Array.isArray(value) ? value[0] : value;
  return text === undefined || text === '' ? null : text;
}

/** `Authorization: Bearer <access token or API key>`, or `x-api-key`; null where there is none that we know. */
export function credentialOf(headers: Headers): Credential | null {
  const key = single(headers['x-api-key']);
  if (key !== null) return { kind: 'apiKey', key };
  const match = /^Bearer +(\S+)$/i.exec(single(headers['authorization']) ?? '');
  const token = match?.[1];
  if (token === undefined) return null;
  return token.startsWith(API_KEY_PREFIX) ? { kind: 'apiKey', key: token } : { kind: 'accessToken', token };
}

/** The tenant that a person wants to act for, by id or slug. */
export function wishedTenantOf(headers: Headers): string | null {
  return single(headers['stele-tenant']);
}
