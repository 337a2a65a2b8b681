/** What a caller can react to. Everything else that the database throws is a fault of ours or of the machine. */
export type PersistenceErrorCode =
  | 'emailTaken'
  | 'slugTaken'
  | 'nameTaken'
  | 'notFound'
  | 'alreadySigned'
  | 'conflict'
  | 'leaseLost'
  | 'portsExhausted'
  | 'subnetsExhausted'
  | 'unsafeRole'
  | 'missingPrivilege'
  | 'unavailable';

export class PersistenceError extends Error {
  constructor(
    readonly code: PersistenceErrorCode,
    message: string,
    readonly data: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = 'PersistenceError';
  }
}

/** The constraint that a statement broke (SQLSTATE 23505 unique, 23503 foreign key, 23514 check), or undefined. */
export function brokenConstraint(error: unknown): string | undefined {
  const driver = (error as { driverError?: unknown } | null)?.driverError ?? error;
  const { code, constraint } = (driver ?? {}) as { code?: string; constraint?: string };
  return code !== undefined && ['23505', '23503', '23514', '23P01'].includes(code) ? constraint : undefined;
}

/** Runs `work`; where it breaks one of the named constraints, the coded error is thrown instead. */
export async function translateConstraints<T>(
  constraints: Readonly<Record<string, () => PersistenceError>>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const translated = constraints[brokenConstraint(error) ?? ''];
    throw translated === undefined ? error : translated();
  }
}
