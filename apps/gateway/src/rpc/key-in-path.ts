import type { IncomingMessage } from 'node:http';
import { API_KEY_PREFIX } from '../auth/api-key.rules.js';

const WITH_KEY = new RegExp(`^(/rpc/[^/?]+)/(${API_KEY_PREFIX}[^/?]+)/?(\\?.*)?$`);

/**
 * `/rpc/{chainId}/{apiKey}`, for wallets and tools that take an address and send no headers. The key becomes the header `x-api-key`
 * (unless the request has a credential in its headers) and leaves the address before anything routes or logs it.
 */
export function takeKeyFromPath(request: Pick<IncomingMessage, 'url' | 'headers'>): void {
  const match = WITH_KEY.exec(request.url ?? '');
  if (match === null) return;
  request.url = `${match[1]}${match[3] ?? ''}`;
  if (request.headers.authorization === undefined && request.headers['x-api-key'] === undefined) request.headers['x-api-key'] = match[2];
}
