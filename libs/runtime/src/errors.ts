/**
 * What can go wrong at a runtime. `code` is what callers branch on:
 * - `NotFound`: the node, network, volume or image is not there.
 * - `Conflict`: something of that name exists and is not what we would make (another install, a newer generation, a taken subnet).
 * - `Exhausted`: the site has no room: ports, addresses, memory, disk.
 * - `Unreachable`: the engine did not answer. What was asked may have happened: look again.
 * - `Timeout`: no answer in time, or the caller aborted. What was asked may have happened: look again.
 * - `Unsupported`: this driver or engine cannot do it; the message says what would.
 * - `Hardening`: the engine dropped a restriction that was asked for. Nothing of ours may run there.
 * - `Failed`: the engine refused for any other reason, given in the message.
 */
export type RuntimeErrorCode = 'NotFound' | 'Conflict' | 'Exhausted' | 'Unreachable' | 'Timeout' | 'Unsupported' | 'Hardening' | 'Failed';

export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';

  constructor(
    readonly code: RuntimeErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  /** Whether asking again may help without a person's doing. */
  get retryable(): boolean {
    return this.code === 'Unreachable' || this.code === 'Timeout' || this.code === 'Failed';
  }
}

/** Narrows an unknown error to one code, for `catch` blocks that expect just this one. */
export function isRuntimeError(error: unknown, code?: RuntimeErrorCode): error is RuntimeError {
  return error instanceof RuntimeError && (code === undefined || error.code === code);
}
