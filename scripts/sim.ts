import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { INVARIANTS, LIES, MAX_NODES, MISFORTUNES, simulate, type SimResult } from '../libs/ledger/sim/index.js';

const USAGE = `npm run sim -- [--seed N] [--runs M] [--nodes K] [--byzantine B] [--broken] [--crashes] [--jobs J] [--trace]
  Runs the consensus machine on virtual time: seeds N … N + M − 1 (1 … 100). The same seed does the same, always.
  --nodes      how many, at most ${MAX_NODES}; drawn from the seed unless given
  --byzantine  faulty validators, as far as they stay below a third of the power; drawn from the seed unless given.
               They draw from: ${LIES.join(', ')}
  --broken     a third of the power or more lies, and conspires: the chain may fork, and honest nodes must halt over it
  --crashes    processes die before one effect in twenty, in all times of trouble
  --jobs       threads; 1 unless given
  --trace      prints everything that happens
  Disks fail by: ${MISFORTUNES.join(', ')}.
  What must hold:
${Object.entries(INVARIANTS).map(([name, meaning]) => `    ${name.padEnd(13)} ${meaning}`).join('\n')}
  A long range may be run in parts: seeds do not depend on each other.`;

const PROGRESS_MS = 10_000;
/** Seeds that a thread is given at once. */
const RANGE = 20;
/** Runs leave much garbage that dies young: room for it saves a sixth of the time. */
const YOUNG_MB = 64;

interface Options {
  nodes: number | undefined;
  byzantine: number | undefined;
  broken: boolean;
  crashes: boolean;
}

/** What the main thread wants to know of a run. */
type Outcome = Pick<SimResult, 'seed' | 'failure' | 'heights' | 'events' | 'virtualMs' | 'acknowledged' | 'lapsed' | 'halted'> & { described: string; crashes: number };

function outcomeOf(seed: number, options: Options, trace: boolean, hashed: boolean): Outcome {
  const result = simulate(seed, { ...options, hashed, onTrace: trace ? (line) => console.log(line) : undefined });
  const { plan, failure, heights, events, virtualMs, acknowledged, lapsed, halted } = result;
  const described = [
    `${plan.faultModel}, ${plan.nodes} nodes, ${plan.liars.size} faulty${plan.unlucky === null ? '' : `, ${plan.unlucky.misfortune} at n${plan.unlucky.node}`}`,
    `${heights} heights, ${halted > 0 ? `${halted} halted, ` : ''}${virtualMs} ms${result.traceHash === null ? '' : `, trace ${result.traceHash}`}`,
  ].join('; ');
  return { seed, failure, heights, events, virtualMs, acknowledged, lapsed, halted, described, crashes: [...result.crashes.values()].reduce((sum, count) => sum + count, 0) };
}

/** Sums over all runs, and what is printed. */
class Report {
  private readonly began = performance.now();
  private printedMs = 0;
  private sums = { runs: 0, failed: 0, heights: 0, events: 0, virtualMs: 0, acknowledged: 0, lapsed: 0, halted: 0, crashes: 0 };

  constructor(private readonly wanted: number, private readonly options: Options) {}

  get failed(): number {
    return this.sums.failed;
  }

  add(outcome: Outcome): void {
    const { sums } = this;
    sums.runs += 1;
    for (const key of ['heights', 'events', 'virtualMs', 'acknowledged', 'lapsed', 'crashes'] as const) sums[key] += outcome[key];
    if (outcome.failure !== null) sums.failed += 1;
    if (outcome.halted > 0) sums.halted += 1;
    if (outcome.failure !== null || this.wanted === 1) this.show(outcome);
    const ms = performance.now() - this.began;
    if (ms - this.printedMs < PROGRESS_MS || sums.runs === this.wanted) return;
    this.printedMs = ms;
    console.log(`  ${sums.runs} of ${this.wanted} runs, ${sums.failed} failed, ${(sums.runs / (ms / 1000)).toFixed(1)} runs a second`);
  }

  private show({ seed, failure, described }: Outcome): void {
    const { nodes, byzantine, broken, crashes } = this.options;
    console.log(`seed ${seed}: ${failure ?? 'ok'} (${described})`);
    if (failure !== null) console.log(`  again: npm run sim -- --seed ${seed} --runs 1${nodes === undefined ? '' : ` --nodes ${nodes}`}${byzantine === undefined ? '' : ` --byzantine ${byzantine}`}${broken ? ' --broken' : ''}${crashes ? ' --crashes' : ''} --trace`);
  }

  end(jobs: number): void {
    const { runs, failed, heights, events, virtualMs, acknowledged, lapsed, halted, crashes } = this.sums;
    const seconds = (performance.now() - this.began) / 1000;
    console.log(
      `${runs} runs, ${failed} failed; ${this.options.broken ? `honest nodes halted in ${halted}; ` : ''}${(heights / runs).toFixed(1)} heights and ${Math.round(events / runs)} events a run; ${crashes} deaths before an effect; ${acknowledged} transactions acknowledged, ${lapsed} of them with more failing nodes than may be; `
      + `${seconds.toFixed(1)} s, ${(runs / seconds).toFixed(1)} runs a second, virtual time ${Math.round(virtualMs / 1000 / seconds / jobs)} × real time${jobs > 1 ? ` on each of ${jobs} threads` : ''}`,
    );
  }
}

async function inThreads(seed: number, runs: number, jobs: number, options: Options, report: Report): Promise<void> {
  let next = seed;
  const end = seed + runs;
  const workers = Array.from({ length: jobs }, () => new Worker(__filename, { workerData: options, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } }));
  await Promise.all(workers.map((worker) => new Promise<void>((resolve, reject) => {
    const give = (): void => {
      if (next >= end) return void worker.terminate().then(() => resolve(), reject);
      const from = next;
      next = Math.min(next + RANGE, end);
      worker.postMessage({ from, to: next });
    };
    worker.on('error', reject);
    worker.on('message', (outcomes: Outcome[]) => {
      for (const outcome of outcomes) report.add(outcome);
      give();
    });
    give();
  })));
}

function serve(): void {
  const options = workerData as Options;
  parentPort?.on('message', ({ from, to }: { from: number; to: number }) => {
    const outcomes: Outcome[] = [];
    for (let seed = from; seed < to; seed++) outcomes.push(outcomeOf(seed, options, false, false));
    parentPort?.postMessage(outcomes);
  });
}

/** A whole number from the command line; null where it is none, or out of range. */
function wholeNumber(text: string | undefined, least: number, most: number): number | undefined | null {
  if (text === undefined) return undefined;
  const value = Number(text);
  return /^\d+$/.test(text) && value >= least && value <= most ? value : null;
}

/** Prints the seed of every run in which an invariant failed; the exit code says whether one did. */
async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { seed: text, runs: text, nodes: text, byzantine: text, broken: { type: 'boolean', default: false }, crashes: { type: 'boolean', default: false }, jobs: text, trace: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });
  const seed = wholeNumber(values.seed ?? '1', 0, 2 ** 52);
  const runs = wholeNumber(values.runs ?? '100', 1, 1e9);
  const nodes = wholeNumber(values.nodes, 1, MAX_NODES);
  const byzantine = wholeNumber(values.byzantine, 0, MAX_NODES);
  const jobs = wholeNumber(values.jobs ?? '1', 1, 64);
  if (values.help || seed == null || runs == null || nodes === null || byzantine === null || jobs == null) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const options = { nodes, byzantine, broken: values.broken, crashes: values.crashes };
  const report = new Report(runs, options);
  if (runs > 1 && !values.trace) await inThreads(seed, runs, jobs, options, report);
  else for (let i = 0; i < runs; i++) report.add(outcomeOf(seed + i, options, values.trace, runs === 1));
  report.end(values.trace ? 1 : jobs);
  return report.failed > 0 ? 1 : 0;
}

if (isMainThread) {
  void main().then((code) => {
    process.exitCode = code;
  });
} else serve();
