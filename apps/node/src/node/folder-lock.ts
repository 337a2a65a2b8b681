import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/**
 * Two processes with one key would contradict each other. Whoever holds the folder's name as an abstract socket (Linux; the
 * kernel frees it however the process ends) may use it. Between containers, which do not see each other's sockets, it is the
 * engine that runs one of a name.
 * @throws Error where another process uses the folder.
 */
export function lockFolder(folder: string): Promise<Server | null> {
  if (process.platform !== 'linux') return Promise.resolve(null);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const name = `\0stele-node-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32)}`;
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (cause: NodeJS.ErrnoException) => reject(cause.code === 'EADDRINUSE' ? new Error(`another node runs on ${folder}: two with one key would contradict each other`) : cause));
    server.listen(name, () => resolve(server));
    server.unref();
  });
}
