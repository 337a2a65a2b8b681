import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { blockHash, checkBlockBody, resultsRoot, toHex, type Bytes, verifyStateProof } from '#ledger';
import { appendTestBlocks } from '../../testing/crash.js';
import { censusOf } from '../../testing/stored-nodes.js';
import { testGenesis } from '../../testing/chain.js';
import { Wallet } from '../../testing/wallet.js';
import { openChainStore } from '../index.js';

/** Kills a committing process with SIGKILL, again and again, and looks at what it left. */
describe('a process that dies while it commits', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stele-evm-crash-'));
  // Under the project, so that the bundle finds its packages.
  const bundle = join(__dirname, '../../../../dist/test/crash-child.cjs');

  beforeAll(() => {
    buildSync({ entryPoints: [join(__dirname, '../../testing/crash-child.ts')], bundle: true, platform: 'node', packages: 'external', conditions: ['stele:src'], outfile: bundle, logLevel: 'error' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Answers the last height that the child said was committed. */
  async function commitAndKill(afterCommits: number, extraMs: number, place = folder, more: string[] = []): Promise<bigint> {
    const child = spawn(process.execPath, [bundle, place, ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', () => resolve());
      let commits = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        commits = output.split('\n').length - 1;
        if (commits >= afterCommits) setTimeout(() => child.kill('SIGKILL'), extraMs);
      });
    });
    return BigInt(output.trim().split('\n').at(-1) ?? '0');
  }

  test('leaves each time a whole chain that has all that it said was committed, and goes on', async () => {
    for (const [afterCommits, extraMs] of [[1, 0], [7, 1], [20, 3], [12, 2]] as const) {
      const told = await commitAndKill(afterCommits, extraMs);
      const store = await openChainStore(folder, { genesis: testGenesis() });
      const { height, header } = store.head();
      expect(height).toBeGreaterThanOrEqual(told);
      expect(height).toBeLessThanOrEqual(told + 2n);
      let below = store.genesisHash;
      for (let at = 1n; at <= height; at++) {
        const block = store.block(at);
        if (block === null) throw new Error(`block ${at} is missing`);
        expect(toHex(block.header.prevHash)).toBe(toHex(below));
        expect(checkBlockBody(block)).toBeNull();
        expect(toHex(resultsRoot(store.results(at) ?? []))).toBe(toHex(block.header.receiptsRoot));
        below = blockHash(block.header);
      }
      const key = { kind: 'account' as const, address: new Wallet('crash').address };
      expect(verifyStateProof(header?.stateRoot as Bytes, key, store.prove(key))).toMatchObject({ ok: true, account: { nonce: height * 2n } });
      const counter = { kind: 'storage' as const, address: store.results(1n)?.[0]?.contractAddress as Bytes, slot: new Uint8Array(32) };
      const counted = verifyStateProof(header?.stateRoot as Bytes, counter, store.prove(counter));
      expect(counted.ok && counted.value !== null ? Number(`0x${toHex(counted.value)}`) : 0).toBe(Number(height - 1n) * 2);
      expect(store.logs({ fromHeight: 0n, toHeight: height })).toHaveLength(Number(height - 1n) * 2);
      await store.close();
    }
    await appendTestBlocks(folder, () => undefined, 2);
  }, 60_000);

  test('and prunes: each time the states that it answers are whole, nothing is left over, and it goes on', async () => {
    const place = mkdtempSync(join(tmpdir(), 'stele-evm-prune-'));
    const history = 3;
    let oldest = 0n;
    for (const [afterCommits, extraMs] of [[9, 0], [14, 2], [23, 4], [11, 1], [17, 3], [8, 5]] as const) {
      const told = await commitAndKill(afterCommits, extraMs, place, [String(history)]);
      expect(await censusOf(place)).toMatchObject({ missing: 0, leaked: 0 });
      // Opened without pruning: what the child has left is what is looked at.
      const store = await openChainStore(place, { genesis: testGenesis() });
      const { height } = store.head();
      expect(height).toBeGreaterThanOrEqual(told);
      expect(store.oldestState).toBeGreaterThanOrEqual(oldest);
      expect(store.oldestState).toBeLessThanOrEqual(height - BigInt(history) > 0n ? height - BigInt(history) : 0n);
      oldest = store.oldestState;
      for (let at = oldest; at <= height; at++) {
        const nonce = store.state(at).account(new Wallet('crash').address)?.nonce ?? 0n;
        expect(nonce).toBe(at * 2n);
      }
      await store.close();
    }
    expect(oldest).toBeGreaterThan(0n);
    await appendTestBlocks(place, () => undefined, 20, history);
    expect(await censusOf(place)).toMatchObject({ missing: 0, leaked: 0 });
    rmSync(place, { recursive: true, force: true });
  }, 60_000);
});
