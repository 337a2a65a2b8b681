import { closeSync, fsyncSync, openSync } from 'node:fs';

/** What a folder names is durable: after a file in it was made, renamed or removed, its own flush says nothing of that. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  fsyncSync(fd);
  closeSync(fd);
}
