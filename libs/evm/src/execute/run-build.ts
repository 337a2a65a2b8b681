import type { EvmErrorCode, BuildErrorCode, PlacementErrorCode } from '../errors.js';
import type { CancelSignal } from './breath.js';
import type { Lane } from './lane.js';
import { BlockRun, type BlockEffects, type Executable, type RunRequest } from './run-block.js';
import type { ChainView } from './view.js';

/** All times are wall-clock milliseconds. */
export interface BuildLimits {
  /** After this no further transaction is begun. */
  budgetMs: number;
  /** Of the transaction that stands first; a later one gets half a budget more than the budget. */
  firstMs: number;
  maxBytes: number;
  maxTransactions: number;
}

/** Candidates are named by their place in the order in which they were offered. */
export interface BuildEffects extends BlockEffects {
  taken: number[];
  skipped: { index: number; code: PlacementErrorCode | BuildErrorCode }[];
}

/** Raw transaction and its u32 length prefix. */
const PREFIX_BYTES = 4;
const LEAST_GAS = 21_000n;

/**
 * Executes candidates until time, gas, bytes or candidates run out, leaving out those that cannot stand at their place.
 * @param began told the place of each candidate that is tried, and whether it would stand first.
 * @throws EvmError `cancelled`.
 */
export async function runBuild(view: ChainView, lane: Lane, request: RunRequest<CancelSignal>, candidates: Iterable<Executable>, limits: BuildLimits, began?: (index: number, isFirst: boolean) => void): Promise<BuildEffects> {
  const beganMs = performance.now();
  const deadlineMs = beganMs + limits.budgetMs;
  const run = new BlockRun(view, lane, request);
  const taken: number[] = [];
  const skipped: BuildEffects['skipped'] = [];
  let bytes = 0;
  let index = -1;
  for (const transaction of candidates) {
    index += 1;
    if (taken.length >= limits.maxTransactions || run.gasLeft < LEAST_GAS || performance.now() >= deadlineMs) break;
    if (bytes + transaction.raw.length + PREFIX_BYTES > limits.maxBytes) continue;
    await lane.breath.look();
    const isFirst = taken.length === 0;
    began?.(index, isFirst);
    const code = await run.addUntil(isFirst ? beganMs + limits.firstMs : deadlineMs + limits.budgetMs / 2, transaction);
    if (code === 'timeOver') {
      skipped.push({ index, code: isFirst ? 'tooSlow' : 'outOfTime' });
      break;
    }
    if (code !== null) {
      skipped.push({ index, code });
      continue;
    }
    bytes += transaction.raw.length + PREFIX_BYTES;
    taken.push(index);
  }
  return { ...run.finish(), taken, skipped };
}

/** The codes with which a candidate may yet be taken into a later block. */
export function mayStandLater(code: EvmErrorCode): boolean {
  return code === 'blockGasExceeded' || code === 'nonceTooHigh' || code === 'outOfTime';
}
