import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFolder } from './folder-lock.js';

it('lets one process at a time use a folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stele-lock-'));
  const first = await lockFolder(folder);
  if (first !== null) {
    await expect(lockFolder(folder)).rejects.toThrow('another node runs');
    await new Promise((resolve) => first.close(resolve));
    (await lockFolder(folder))?.close();
  }
  rmSync(folder, { recursive: true, force: true });
});
