import { readdirSync, readFileSync } from 'node:fs';

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended while we looked.
    return '';
  }
}

/** Live processes of the node program whose data lie below `home`, as /proc tells, whatever a runtime's records say. */
export function nodeProcesses(home: string): { pid: number; folder: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || !read(`/proc/${name}/cmdline`).includes('stele-node.cjs')) return [];
    const folder = read(`/proc/${name}/environ`).split('\0').find((line) => line.startsWith('STELE_DATA='))?.slice('STELE_DATA='.length);
    return folder !== undefined && folder.startsWith(`${home}/`) ? [{ pid: Number(name), folder }] : [];
  });
}
