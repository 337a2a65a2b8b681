import type { Problem } from '#contracts';

/** The API's problem document (RFC 9457) as an error: branch on `code`, show `message`. */
export class SteleApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
    readonly request: string,
  ) {
    super(`${request}: ${problem.detail ?? problem.title ?? `HTTP ${status}`}${(problem.errors ?? []).map((e) => `; ${e.path} ${e.message}`).join('')}`);
    this.name = 'SteleApiError';
  }

  /** The stable code, or `unknown` where the answer was no problem document. */
  get code(): string {
    return this.problem.code ?? 'unknown';
  }
}
