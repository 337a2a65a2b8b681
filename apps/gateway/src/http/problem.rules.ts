import { HttpException } from '@nestjs/common';
import { CodedError, ERROR_CODES, type ErrorCode, type Problem } from '#contracts';
import { PersistenceError, type PersistenceErrorCode } from '#persistence';

/** The code for errors that come from the framework and know only a status. */
const CODE_OF_STATUS: Record<number, ErrorCode> = {
  400: 'malformed_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  503: 'not_ready',
};

const CODE_OF_PERSISTENCE: Partial<Record<PersistenceErrorCode, ErrorCode>> = {
  emailTaken: 'email_taken',
  slugTaken: 'slug_taken',
  nameTaken: 'name_taken',
  notFound: 'not_found',
  alreadySigned: 'conflict',
  conflict: 'conflict',
  unavailable: 'not_ready',
};

/** What Fastify's own refusals mean, by its codes. */
const DETAIL_OF_FASTIFY: Record<string, string> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is no JSON.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty; it must be JSON.',
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is larger than this path takes: 1 MiB, for JSON-RPC 4 MiB.',
};

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number') return error.statusCode;
  return undefined;
}

/** Any thrown thing as a coded error. What we did not foresee becomes `internal_error`, whose text says nothing. */
export function toCodedError(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  if (error instanceof PersistenceError) {
    const code = CODE_OF_PERSISTENCE[error.code] ?? 'internal_error';
    // What is ours to repair is logged, not told.
    return new CodedError(code, ERROR_CODES[code].status >= 500 || code === 'not_found' ? undefined : error.message, { cause: error });
  }
  const status = statusOf(error);
  if (status === undefined || status >= 500) return new CodedError(status === 503 ? 'not_ready' : 'internal_error', undefined, { cause: error });
  return new CodedError(CODE_OF_STATUS[status] ?? 'malformed_request', DETAIL_OF_FASTIFY[codeOf(error)], { cause: error });
}

/** The problem document (RFC 9457) of an error. */
export function problemOf(error: CodedError, requestId: string): Problem {
  const { status, title } = ERROR_CODES[error.code];
  return {
    type: `urn:stele:problem:${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    requestId,
    ...(error.extra.errors === undefined ? {} : { errors: error.extra.errors }),
  };
}

interface Issue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

/** A schema's complaints as one coded error with a path for each; at most 50 are told. */
export function validationError(issues: readonly Issue[]): CodedError {
  const errors = issues.slice(0, 50).map((issue) => ({
    path: (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    message: issue.message,
  }));
  return new CodedError('validation_failed', undefined, { errors });
}
