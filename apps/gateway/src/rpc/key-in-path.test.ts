import type { IncomingHttpHeaders } from 'node:http';
import { mintApiKey } from '../auth/api-key.rules.js';
import { takeKeyFromPath } from './key-in-path.js';

const { key } = mintApiKey('0123456789abcdefghjkmnpqrs');
const taken = (url: string, headers: IncomingHttpHeaders = {}): { url?: string | undefined; headers: IncomingHttpHeaders } => {
  const request = { url, headers: { ...headers } };
  takeKeyFromPath(request);
  return request;
};

test.each([
  ['a key in the path becomes a header', `/rpc/chn_1/${key}`, {}, { url: '/rpc/chn_1', headers: { 'x-api-key': key } }],
  ['with a slash at the end, as some wallets add one', `/rpc/chn_1/${key}/`, {}, { url: '/rpc/chn_1', headers: { 'x-api-key': key } }],
  ['a query stays', `/rpc/chn_1/${key}?a=b`, {}, { url: '/rpc/chn_1?a=b', headers: { 'x-api-key': key } }],
  ['a header counts more, and the key is gone all the same', `/rpc/chn_1/${key}`, { authorization: 'Bearer x' }, { url: '/rpc/chn_1', headers: { authorization: 'Bearer x' } }],
  ['another path stays', `/v1/chains/${key}`, {}, { url: `/v1/chains/${key}`, headers: {} }],
  ['what is no key stays', '/rpc/chn_1/other', {}, { url: '/rpc/chn_1/other', headers: {} }],
  ['the plain address stays', '/rpc/chn_1', { 'x-api-key': 'k' }, { url: '/rpc/chn_1', headers: { 'x-api-key': 'k' } }],
])('%s', (_, url, headers, expected) => expect(taken(url, headers)).toEqual(expected));
