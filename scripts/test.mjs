// `npm test [-- jest arguments]`: sets up what is missing, runs every test, and ends with `N passed, N failed`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, setUp } from './set-up.mjs';

try {
  await setUp();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'stele-test-'));
const report = join(folder, 'report.json');
const jest = spawn(
  process.execPath,
  [join(root, 'node_modules', 'jest', 'bin', 'jest.js'), '--config', join(root, 'jest.config.cjs'), '--json', `--outputFile=${report}`, ...process.argv.slice(2)],
  { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
);
const exitCode = await new Promise((resolve) => jest.on('close', (code) => resolve(code ?? 1)));
let result;
try {
  result = JSON.parse(readFileSync(report, 'utf8'));
} catch {
  console.log('0 passed, 1 failed');
  process.exit(1);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const slowest = result.testResults
  .map((file) => ({ name: file.name.slice(root.length + 1), seconds: (file.endTime - file.startTime) / 1000 }))
  .sort((a, b) => b.seconds - a.seconds)
  .slice(0, 5);
console.log(`slowest: ${slowest.map((file) => `${file.name} ${file.seconds.toFixed(1)} s`).join(', ')}`);
// A file that fails to load has no failed test of its own: it counts as one failure.
const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
const skipped = result.numPendingTests;
if (skipped > 0 && process.env.CI === 'true') console.log('In CI no test may be skipped: see the messages above for what is missing.');
console.log(`${result.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || exitCode !== 0 || (skipped > 0 && process.env.CI === 'true') ? 1 : 0;
