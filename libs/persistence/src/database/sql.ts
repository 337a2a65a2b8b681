import type { EntityManager } from 'typeorm';

/**
 * Rows of one statement. TypeORM's `query` answers rows for SELECT and INSERT, but `[rows, count]` for UPDATE and
 * DELETE; this hides the difference.
 */
export async function rows<Row>(manager: EntityManager, sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
  const answer: unknown = await manager.query(sql, [...parameters]);
  if (Array.isArray(answer) && answer.length === 2 && Array.isArray(answer[0]) && typeof answer[1] === 'number') {
    return answer[0] as Row[];
  }
  return answer as Row[];
}

/** The first row, or null. */
export async function firstRow<Row>(manager: EntityManager, sql: string, parameters: readonly unknown[] = []): Promise<Row | null> {
  return (await rows<Row>(manager, sql, parameters))[0] ?? null;
}
