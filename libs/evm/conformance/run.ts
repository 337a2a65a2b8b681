import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bytes } from '#ledger';
import { keccak256 } from '../src/crypto/keccak.js';
import { loadCurves } from '../src/execute/curves.js';
import { createLane, type Lane } from '../src/execute/lane.js';
import { LmdbChainStore } from '../src/store/lmdb-chain-store.js';
import { openChainStore } from '../src/store/open.js';
import { testGenesis } from '../testing/chain.js';
import { stateTests, type StateTest } from './cases.js';
import { Fork } from './forks.js';
import { runCase, seed } from './run-case.js';

/** Hears of each case that fails when it does. */
export type Told = (result: ConformanceResult) => void;

export interface ConformanceResult {
  tests: number;
  passed: number;
  failed: { name: string; fault: string }[];
  skipped: { name: string; reason: string }[];
}

/** BLOCKHASH of the tests: Keccak-256 of the number's decimal text. */
const blockHashAt = (height: bigint): Bytes => keccak256(new TextEncoder().encode(height.toString()));

/**
 * Runs every case of every test below a folder, each test on a store of its own.
 * @param without parts of names: such tests are skipped.
 */
export async function runConformance(folder: string, told: Told, without: readonly string[] = []): Promise<ConformanceResult> {
  const result: ConformanceResult = { tests: 0, passed: 0, failed: [], skipped: [] };
  const lanes = new Map<string, Lane>();
  const stores = mkdtempSync(join(tmpdir(), 'stele-conformance-'));
  try {
    for (const test of stateTests(folder)) {
      result.tests += 1;
      const left = without.find((text) => test.name.includes(text));
      if (left !== undefined) {
        result.skipped.push({ name: test.name, reason: `--without ${left}` });
        continue;
      }
      await runTest(test, join(stores, String(result.tests)), lanes, result);
      told(result);
    }
  } finally {
    rmSync(stores, { recursive: true, force: true });
  }
  return result;
}

async function runTest(test: StateTest, folder: string, lanes: Map<string, Lane>, result: ConformanceResult): Promise<void> {
  const store = await openChainStore(folder, { genesis: testGenesis(), seed: (overlay) => seed(overlay, test.pre) });
  if (!(store instanceof LmdbChainStore)) throw new TypeError('another store than openChainStore makes');
  try {
    for (const [forkName, posts] of Object.entries(test.post)) {
      const fork = Fork.of(forkName);
      for (const post of posts) {
        const name = `${test.name} ${forkName} data ${post.indexes.data}, gas ${post.indexes.gas}, value ${post.indexes.value}`;
        if (fork === null) {
          result.skipped.push({ name, reason: `the fork ${forkName} is not known` });
          continue;
        }
        const { fault } = await runCase(await laneOf(fork, lanes), store.state(0n), test, fork, post);
        if (fault === null) result.passed += 1;
        else result.failed.push({ name, fault });
      }
    }
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function laneOf(fork: Fork, lanes: Map<string, Lane>): Promise<Lane> {
  const known = lanes.get(fork.name);
  if (known !== undefined) return known;
  const lane = await createLane(1n, blockHashAt, await loadCurves(), fork.rules);
  lanes.set(fork.name, lane);
  return lane;
}
