import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { ChainLeases, ChainObservations, DataCenterObservations, PersistenceError, withLease, type ChainLease } from '#persistence';
import { isRuntimeError, RuntimeError } from '#runtime';
import type { TlsIdentity } from '#sdk';
import type { Step } from '../reconcile/model.js';
import { plan } from '../reconcile/plan.js';
import type { Runtimes } from '../sites/runtimes.js';
import { Apply, endpointsText } from './apply.js';
import { nodeSpec, type NodeSettings } from './node-specs.js';
import { emptyMemory, observe, type Look, type LookTools, type Memory } from './observe.js';
import { recordLook } from './record-look.js';
import { recordProgress } from './record-progress.js';
import { desiredOf, type ChainWorld, type Site } from './world.js';

/** How a reconcile ended: all is as wanted; look again in so many ms; somebody else holds the chain; there is no such chain. */
export type Outcome = { kind: 'settled' } | { kind: 'again'; afterMs: number } | { kind: 'busy' } | { kind: 'gone' };

const LEASE_MS = 15_000;
const RENEW_MS = 4000;
/** Short waits of the plan are slept through; longer ones give the lease back. */
const SLEEP_UP_TO_MS = 1000;
const MAX_TURNS = 600;
const MAX_FAILURES = 4;
const RETRY_MS = 5000;

/** observe → plan → apply, for one chain at a time under its lease, until nothing is left to do. */
export class Reconciler {
  private readonly memory: Memory = emptyMemory();
  private readonly apply: Apply;
  private readonly leases: ChainLeases;
  private stopping = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly runtimes: Runtimes,
    private readonly identity: TlsIdentity,
    private readonly context: { settings: NodeSettings; owner: () => string },
    private readonly logger: Logger,
  ) {
    this.leases = new ChainLeases(dataSource);
    this.apply = new Apply(dataSource, this.leases, identity, context.settings, this.memory);
  }

  /** Lets what runs finish its step, and begins nothing new. */
  stop(): void {
    this.stopping = true;
  }

  async reconcile(chainId: string): Promise<Outcome> {
    if (this.stopping) return { kind: 'busy' };
    const lease = await this.leases.acquire(chainId, this.context.owner(), LEASE_MS);
    if (lease === null) return (await new ChainObservations(this.dataSource.manager).load(chainId)) === null ? { kind: 'gone' } : { kind: 'busy' };
    const renewal = setInterval(() => void this.leases.renew(lease, LEASE_MS).catch(() => undefined), RENEW_MS);
    try {
      return await this.turns(chainId, lease);
    } catch (error) {
      if (error instanceof PersistenceError && error.code === 'leaseLost') return { kind: 'busy' };
      throw error;
    } finally {
      clearInterval(renewal);
      await this.leases.release(lease);
    }
  }

  private async turns(chainId: string, lease: ChainLease): Promise<Outcome> {
    let failures = 0;
    for (let turn = 0; turn < MAX_TURNS && !this.stopping; turn++) {
      const world = await this.load(chainId);
      if (world === null) return { kind: 'gone' };
      const look = await observe(world, this.tools(world));
      const steps = plan(desiredOf(world), look.observed);
      await withLease(this.dataSource, lease, async (manager) => {
        await recordLook(manager, world, look, this.memory);
        await recordProgress(manager, world, steps, look);
      });
      const pause = await this.turnOver(world, look, steps, lease);
      if (pause.kind === 'end') return pause.outcome;
      const failed = await this.applyAll(steps, world, lease);
      if (failed === undefined) {
        failures = 0;
        await sleep(pause.sleepMs);
        continue;
      }
      failures += 1;
      if (await this.giveUp(failed, failures, world, lease)) return { kind: 'settled' };
      if (failures >= MAX_FAILURES) return { kind: 'again', afterMs: RETRY_MS };
      await sleep(200 * failures);
    }
    return { kind: 'again', afterMs: RETRY_MS };
  }

  /** Ends the reconcile where the plan says so; else how long to sleep after its steps. */
  private async turnOver(world: ChainWorld, look: Look, steps: readonly Step[], lease: ChainLease): Promise<{ kind: 'end'; outcome: Outcome } | { kind: 'go'; sleepMs: number }> {
    const only = steps.length === 1 ? steps[0] : undefined;
    if (only?.kind === 'settled') {
      await withLease(this.dataSource, lease, (manager) =>
        world.chain.observedGeneration === world.chain.generation ? Promise.resolve() : new ChainObservations(manager).recordChain(world.chain.id, { observedGeneration: world.chain.generation }),
      );
      return { kind: 'end', outcome: { kind: 'settled' } };
    }
    if (only?.kind !== 'wait') return { kind: 'go', sleepMs: 0 };
    if (only.forMs > SLEEP_UP_TO_MS) return { kind: 'end', outcome: { kind: 'again', afterMs: only.forMs } };
    return { kind: 'go', sleepMs: only.forMs };
  }

  /** Does all steps at the same time; answers the first failure, after all have ended. */
  private async applyAll(steps: readonly Step[], world: ChainWorld, lease: ChainLease): Promise<{ step: Step; error: unknown } | undefined> {
    const results = await Promise.all(
      steps.map(async (step) => {
        try {
          await this.apply.step(step, world, lease);
          if (step.kind !== 'wait') this.logger.debug({ chain: world.chain.id, step }, 'step done');
          return undefined;
        } catch (error) {
          if (error instanceof PersistenceError && error.code === 'leaseLost') throw error;
          this.logger.warn({ chain: world.chain.id, step, err: error }, 'step failed');
          return { step, error };
        }
      }),
    );
    return results.find((result) => result !== undefined);
  }

  /** A chain that cannot come to be fails with a reason; one that runs goes on, and is tried again later. */
  private async giveUp(failed: { step: Step; error: unknown }, failures: number, world: ChainWorld, lease: ChainLease): Promise<boolean> {
    const hopeless =
      (failed.error instanceof RuntimeError && !failed.error.retryable) ||
      (failed.error instanceof PersistenceError && (failed.error.code === 'portsExhausted' || failed.error.code === 'subnetsExhausted'));
    const becoming = world.chain.status === 'provisioning' || world.chain.status === 'starting';
    if (!becoming || (!hopeless && failures < MAX_FAILURES * 10)) return false;
    if (isRuntimeError(failed.error, 'Unreachable') || isRuntimeError(failed.error, 'Timeout')) return false;
    const why = failed.error instanceof Error ? failed.error.message : String(failed.error);
    await this.apply.step({ kind: 'setStatus', status: 'failed', why }, world, lease);
    const after = await this.load(world.chain.id);
    if (after !== null) await withLease(this.dataSource, lease, (manager) => recordProgress(manager, after, [{ kind: 'settled' }], undefined));
    return true;
  }

  private tools(world: ChainWorld): LookTools {
    const { memory, identity } = this;
    const text = endpointsText(world);
    return {
      identity,
      memory,
      wantedEndpoints: () => text,
      specOf: (node, site) => {
        const image = memory.images.get(node.dataCenterId);
        const subnet = memory.subnets.get(`${node.chainId}/${node.dataCenterId}`);
        return image === undefined || subnet === undefined || node.ports === null ? undefined : nodeSpec(this.context.settings, node, site, image, subnet);
      },
    };
  }

  private async load(chainId: string): Promise<ChainWorld | null> {
    const loaded = await new ChainObservations(this.dataSource.manager).load(chainId);
    if (loaded === null) return null;
    const observations = new DataCenterObservations(this.dataSource.manager);
    const sites = new Map<string, Site>();
    const siteProblems = new Map<string, string>();
    for (const id of new Set(loaded.nodes.map((node) => node.dataCenterId))) {
      const dataCenter = await observations.get(id);
      if (dataCenter === null) continue;
      try {
        if (dataCenter.status === 'refused') throw new RuntimeError('Unsupported', dataCenter.reason ?? 'it was refused');
        sites.set(id, { dataCenter, runtime: await this.runtimes.of(dataCenter) });
      } catch (error) {
        siteProblems.set(id, error instanceof Error ? error.message : String(error));
      }
    }
    return { ...loaded, sites, siteProblems };
  }
}

function sleep(ms: number): Promise<void> {
  return ms === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
