import { NotFoundException } from '@nestjs/common';
import { CodedError, newId } from '#contracts';
import { PersistenceError } from '#persistence';
import { formatEvent, lastSequence } from './event-stream.js';
import { pageOf, pageRequest } from './pages.rules.js';
import { problemOf, toCodedError, validationError } from './problem.rules.js';

describe('any thrown thing as a coded error', () => {
  const cases: [string, unknown, string, string][] = [
    ['a coded one stays', new CodedError('slug_taken', 'x'), 'slug_taken', 'x'],
    ['the database’s', new PersistenceError('emailTaken', 'An account with this email exists.'), 'email_taken', 'An account with this email exists.'],
    ['what the database does not find says nothing', new PersistenceError('notFound', 'table x'), 'not_found', 'There is no such resource'],
    ['what the database should not do', new PersistenceError('leaseLost', 'secret'), 'internal_error', 'Something went wrong on our side'],
    ['Nest’s', new NotFoundException('Cannot GET /x'), 'not_found', 'There is no such resource'],
    ['Fastify’s', Object.assign(new Error('too large'), { statusCode: 413 }), 'payload_too_large', 'The request is too large'],
    ['a status that we have no code for', Object.assign(new Error('x'), { statusCode: 418 }), 'malformed_request', 'The request cannot be read'],
    ['a bug', new TypeError('undefined is not a function'), 'internal_error', 'Something went wrong on our side'],
    ['a text', 'oops', 'internal_error', 'Something went wrong on our side'],
  ];
  it.each(cases)('%s', (_name, thrown, code, detail) => {
    const error = toCodedError(thrown);
    expect(error.code).toBe(code);
    expect(problemOf(error, 'req').detail).toBe(detail);
  });

  it('a schema’s complaints keep their paths, and their number within bounds', () => {
    const error = validationError([{ message: 'a', path: ['members', 0, { key: 'name' }] }, { message: 'b' }]);
    expect(error.extra.errors).toEqual([{ path: 'members.0.name', message: 'a' }, { path: '', message: 'b' }]);
    expect(validationError(Array(500).fill({ message: 'x' })).extra.errors).toHaveLength(50);
  });
});

describe('pages', () => {
  const rows = Array.from({ length: 4 }, () => ({ id: newId('chain') }));

  it('ask for one row more than they show', () => {
    expect(pageRequest('chain', { limit: 3 })).toEqual({ limit: 4 });
    const page = pageOf(rows, { limit: 3 }, (row) => row.id);
    expect(page).toMatchObject({ data: rows.slice(0, 3).map((row) => row.id), hasMore: true });
    expect(pageRequest('chain', { limit: 3, cursor: page.nextCursor ?? '' })).toEqual({ limit: 4, before: rows[2]?.id });
  });

  it('end', () => {
    expect(pageOf(rows, { limit: 4 }, (row) => row.id)).toMatchObject({ hasMore: false, nextCursor: null });
    expect(pageOf([], { limit: 4 }, String)).toEqual({ data: [], hasMore: false, nextCursor: null });
  });

  it.each(['', 'x', Buffer.from(newId('node')).toString('base64url'), Buffer.from("' or 1=1").toString('base64url')])('take no cursor %j', (cursor) => {
    expect(() => pageRequest('chain', { limit: 3, cursor })).toThrow(expect.objectContaining({ code: 'invalid_cursor' }));
  });
});

describe('server-sent events', () => {
  it('are one data line each', () => {
    expect(formatEvent({ id: '3', event: 'operation', data: { detail: 'a\nb' } })).toBe('id: 3\nevent: operation\ndata: {"detail":"a\\nb"}\n\n');
  });

  it.each<[string | string[] | undefined, number]>([['7', 7], [['7', '8'], 7], [undefined, 0], ['', 0], ['-1', 0], ['1e9', 0], ['9'.repeat(30), 0]])('Last-Event-ID %j is %i', (header, seq) => {
    expect(lastSequence(header)).toBe(seq);
  });
});
