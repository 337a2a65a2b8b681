/**
 * Execution alone, on one core, without consensus or network: value transfers, ERC-20 transfers and Records puts. Admission, execution, the
 * state tree's update within it and the commit are timed apart.
 * ACCOUNTS, BLOCKS and PER_BLOCK say how much.
 */
import { rmSync } from 'node:fs';
import type { Bytes } from '#ledger';
import { blockOf, certificateOf, openTestChain, type TestChain } from '../testing/chain.js';
import { Wallet } from '../testing/wallet.js';
import { funded, workloads, type Workload } from './workloads.js';

const setting = (name: string, fallback: number): number => Number(process.env[name] ?? fallback);
const ACCOUNTS = setting('ACCOUNTS', 1000);
const BLOCKS = setting('BLOCKS', 12);
const PER_BLOCK = setting('PER_BLOCK', 400);
/** Blocks that the engine needs to become quick. */
const WARM_UP = 3;

export interface ExecutionFigures {
  name: Workload['name'];
  /** Of execution with the tree: what a validator does with each block beside admission and commit. */
  executionTps: number;
  /** Recovery of the sender and all checks, once for each node and transaction. */
  admissionTps: number;
  commitTps: number;
  /** The state tree's part of execution; the goal is a quarter at most. */
  commitmentShare: number;
}

export async function measureExecution(): Promise<ExecutionFigures[]> {
  const figures: ExecutionFigures[] = [];
  for (const place of [0, 1, 2]) {
    const wallets = Array.from({ length: ACCOUNTS }, (_, i) => new Wallet(`w${i}`));
    const workload = workloads(wallets)[place] as Workload;
    const chain = await openTestChain({ alloc: funded(wallets) });
    await workload.setUp(chain);
    const blocks: Bytes[][] = [];
    for (let b = 0, n = 0; b < BLOCKS + WARM_UP; b++) {
      const raws: Bytes[] = [];
      for (let i = 0; i < PER_BLOCK; i++) raws.push(await workload.transaction(n++));
      blocks.push(raws);
    }
    figures.push(await measure(chain, workload.name, blocks));
    await chain.close();
    rmSync(chain.folder, { recursive: true, force: true });
  }
  return figures;
}

async function measure(chain: TestChain, name: Workload['name'], blocks: readonly Bytes[][]): Promise<ExecutionFigures> {
  const { store, executor } = chain;
  const spent = { admit: 0, execute: 0, tree: 0, commit: 0 };
  for (const [index, raws] of blocks.entries()) {
    const beganMs = performance.now();
    const transactions = raws.map((raw) => executor.admit(raw));
    const admittedMs = performance.now();
    const parent = store.head();
    const executed = await executor.executeBlock({ parent, timeMs: parent.timeMs + 100n, transactions });
    const executedMs = performance.now();
    const block = blockOf(store, executed, parent.certificate);
    await executor.commit(block, certificateOf(block.header), executed);
    if (index < WARM_UP) continue;
    spent.admit += admittedMs - beganMs;
    spent.execute += executedMs - admittedMs;
    spent.tree += executed.treeMs;
    spent.commit += performance.now() - executedMs;
    const failed = store.results(block.header.height)?.filter(({ status }) => status !== 1).length;
    if (failed !== 0) throw new Error(`${failed} of the ${name} of block ${block.header.height} failed`);
  }
  const rate = (ms: number): number => Math.round(((BLOCKS * PER_BLOCK) / ms) * 1000);
  return { name, executionTps: rate(spent.execute), admissionTps: rate(spent.admit), commitTps: rate(spent.commit), commitmentShare: Math.round((spent.tree / spent.execute) * 1000) / 1000 };
}
