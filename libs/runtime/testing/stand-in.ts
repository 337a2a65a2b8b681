import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the stand-in answers at `GET /` of its rpc port. */
export interface StandInState {
  pid: number;
  /** How often it was started on this volume. */
  starts: number;
  env: Record<string, string | undefined>;
}

/**
 * A tiny program in the place of the ledger node: listens on the three ports, counts its starts in its volume, dials whom it
 * is told to. `GET /dial?host=…&port=…[&name=1]` answers "open" or the error's code; `GET /crash` ends it with code 3; the peer
 * port echoes what it hears behind its own name.
 */
function standInMain(http: typeof import('node:http'), net: typeof import('node:net'), fs: typeof import('node:fs'), env: NodeJS.ProcessEnv): void {
  const counter = `${env['STELE_DATA']}/starts`;
  const starts = (fs.existsSync(counter) ? Number(fs.readFileSync(counter, 'utf8')) : 0) + 1;
  fs.writeFileSync(counter, String(starts));
  const dial = (host: string, port: number, done: (text: string) => void): void => {
    const socket = net.connect({ host, port, timeout: 1500 });
    let heard = '';
    const finish = (text: string): void => {
      socket.destroy();
      done(text);
    };
    socket.on('connect', () => socket.write('hello'));
    socket.on('data', (data) => {
      heard += data.toString();
      if (heard.includes('hello')) finish(`open ${heard}`);
    });
    socket.on('timeout', () => finish('timeout'));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? 'error'));
    socket.on('close', () => finish('closed'));
  };
  const handle: import('node:http').RequestListener = (request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    if (url.pathname === '/crash') process.exit(3);
    if (url.pathname === '/dial') {
      let answered = false;
      dial(url.searchParams.get('host') ?? '', Number(url.searchParams.get('port')), (text) => {
        if (!answered) response.end(text);
        answered = true;
      });
      return;
    }
    response.end(JSON.stringify({ pid: process.pid, starts, env: { DATA: env['STELE_DATA'], WHO: env['WHO'] } }));
  };
  const host = env['STELE_HOST'] ?? '127.0.0.1';
  for (const role of ['CONTROL', 'RPC']) http.createServer(handle).listen(Number(env[`STELE_${role}_PORT`]), host);
  net
    .createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (data) => socket.write(`${env['WHO']} heard ${data.toString()}`));
    })
    .listen(Number(env['STELE_PEER_PORT']), host);
  process.on('SIGTERM', () => process.exit(0));
  console.log(`stand-in ${env['WHO']} start ${starts}`);
}

/** Writes the stand-in as a bundle folder, as `scripts/bundle-node.mjs` writes the real one. Answers the folder. */
export function writeStandIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const program = `(${standInMain.toString()})(require('node:http'), require('node:net'), require('node:fs'), process.env);\n`;
  writeFileSync(join(folder, 'stele-node.cjs'), program);
  return folder;
}
