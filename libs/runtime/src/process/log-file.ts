import { closeSync, existsSync, openSync, readSync, statSync, truncateSync, writeFileSync } from 'node:fs';

const MAX_BYTES = 10 * 1024 * 1024;
const KEPT_BYTES = 1024 * 1024;

function lastBytes(path: string, count: number): Buffer {
  const size = statSync(path).size;
  const buffer = Buffer.alloc(Math.min(count, size));
  const file = openSync(path, 'r');
  try {
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
  } finally {
    closeSync(file);
  }
  return buffer;
}

/**
 * Keeps a log from growing for ever: beyond 10 MiB its last MiB moves to `<path>.1` and it starts empty. The node itself
 * holds the file open for appending, so it cannot be renamed away; a line written in between may be lost. Called at each look.
 */
export function capLog(path: string): void {
  if (!existsSync(path) || statSync(path).size <= MAX_BYTES) return;
  writeFileSync(`${path}.1`, lastBytes(path, KEPT_BYTES), { mode: 0o600 });
  truncateSync(path, 0);
}

export function tailLog(path: string, lines: number): string {
  if (!existsSync(path)) return '';
  const all = lastBytes(path, KEPT_BYTES).toString('utf8').split('\n');
  const ended = all.at(-1) === '' ? 1 : 0;
  return all.slice(-(lines + ended)).join('\n');
}
