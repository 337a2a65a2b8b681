/**
 * Errors on the wire: `application/problem+json` (RFC 9457) with a stable `code`. Clients branch on `code`, never on
 * the text. A code is never renamed nor reused; its status may only become more precise.
 */
import { z } from 'zod';

/** Every code with its HTTP status and its title. */
export const ERROR_CODES = {
  malformed_request: { status: 400, title: 'The request cannot be read' },
  validation_failed: { status: 400, title: 'The request does not match its schema' },
  invalid_cursor: { status: 400, title: 'The cursor is not one that this list gave out' },
  invalid_idempotency_key: { status: 400, title: 'The Idempotency-Key is empty or too long' },
  unauthenticated: { status: 401, title: 'Authentication is required: an access token or API key as Authorization: Bearer …, or an API key as x-api-key' },
  invalid_credentials: { status: 401, title: 'The email or the password is wrong' },
  token_expired: { status: 401, title: 'The access token has expired' },
  refresh_token_invalid: { status: 401, title: 'The refresh token is unknown, expired or revoked' },
  refresh_token_reused: { status: 401, title: 'The refresh token was used before: the whole session is revoked' },
  forbidden: { status: 403, title: 'This identity may not do that' },
  not_found: { status: 404, title: 'There is no such resource' },
  method_not_allowed: { status: 405, title: 'The resource does not know this method' },
  conflict: { status: 409, title: 'The resource is in another state' },
  email_taken: { status: 409, title: 'A user with this email exists: log in instead' },
  slug_taken: { status: 409, title: 'A tenant with this slug exists' },
  name_taken: { status: 409, title: 'The name is taken' },
  genesis_not_ready: { status: 409, title: 'The genesis is not written yet' },
  chain_not_running: { status: 409, title: 'The chain does not run' },
  idempotency_in_flight: { status: 409, title: 'A request with this Idempotency-Key is being worked on' },
  payload_too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  idempotency_mismatch: { status: 422, title: 'The Idempotency-Key was used with another request: use a new key' },
  data_center_unavailable: { status: 422, title: 'A data center is unknown, cordoned, full or cannot be reached' },
  member_unknown: { status: 422, title: 'A member of the chain is not known' },
  founder_signature_invalid: { status: 422, title: 'The signature is not one of a founder over this genesis' },
  compilation_failed: { status: 422, title: 'The sources do not compile to one contract' },
  compiler_limit: { status: 422, title: 'The compiler took too much time or memory' },
  constructor_arguments_invalid: { status: 422, title: 'The arguments do not fit the constructor' },
  transaction_refused: { status: 422, title: 'The transaction is not the one that was prepared, or the chain refuses it' },
  source_mismatch: { status: 422, title: 'The code on the chain is not that of the sources' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Something went wrong on our side' },
  upstream_failed: { status: 502, title: 'The node did not answer properly' },
  not_ready: { status: 503, title: 'The service is not ready' },
  no_live_node: { status: 503, title: 'No node of the chain answers' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** One fault of a request: where (a path such as `members.0.name`) and what. */
export const FieldErrorSchema = z.object({ path: z.string(), message: z.string() }).meta({ id: 'FieldError' });
export type FieldError = z.infer<typeof FieldErrorSchema>;

/** The body of every answer that is not 2xx. */
export const ProblemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string(),
    requestId: z.string(),
    errors: z.array(FieldErrorSchema).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof ProblemSchema>;

/** Thrown by services and repositories; the gateway's one filter turns it into a problem document. */
export class CodedError extends Error {
  constructor(
    readonly code: ErrorCode,
    /** What went wrong, for a person; must hold no secret, it goes out to the caller. */
    detail?: string,
    readonly extra: { errors?: FieldError[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(detail ?? ERROR_CODES[code].title, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.name = 'CodedError';
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }
}
