import { CodedError, isId, type IdKind, type Page, type PageQuery } from '#contracts';

/** What a repository is asked for: one row more than the page, so that `hasMore` costs no second query. */
export interface PageRequest {
  limit: number;
  before?: string;
}

/** Cursors are opaque to clients: base64url of the last id seen. @throws CodedError `invalid_cursor` */
export function pageRequest(kind: IdKind, query: PageQuery): PageRequest {
  if (query.cursor === undefined) return { limit: query.limit + 1 };
  const before = Buffer.from(query.cursor, 'base64url').toString('utf8');
  if (!isId(kind, before)) throw new CodedError('invalid_cursor');
  return { limit: query.limit + 1, before };
}

/** Cuts the extra row off again and says where the next page starts. */
export function pageOf<Row extends { id: string }, View>(rows: readonly Row[], query: PageQuery, view: (row: Row) => View): Page<View> {
  const kept = rows.slice(0, query.limit);
  const hasMore = rows.length > query.limit;
  const last = kept.at(-1);
  return { data: kept.map(view), hasMore, nextCursor: hasMore && last !== undefined ? Buffer.from(last.id).toString('base64url') : null };
}
