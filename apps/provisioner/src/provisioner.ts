import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { Install } from '#persistence';
import { loadOrCreateSeed, makeIdentity } from '#sdk';
import { Reconciler } from './chains/reconciler.js';
import type { NodeSettings } from './chains/node-specs.js';
import { ChainBell } from './relay/bell.js';
import { OutboxRelay } from './relay/outbox-relay.js';
import { Resync } from './relay/resync.js';
import { Sweep } from './relay/sweep.js';
import { SETTINGS, type ProvisionerSettings } from './settings.js';
import { stopParts } from './stop-parts.js';
import { Runtimes } from './sites/runtimes.js';
import { SiteWatch } from './sites/site-watch.js';

export const DATA_SOURCE = Symbol('DataSource');
export const LOGGER = Symbol('Logger');

const GATEWAY_POLL_MS = 250;

/** Puts the parts together, in the order in which they depend on each other, and takes them apart in the reverse. */
@Injectable()
export class Provisioner implements OnApplicationShutdown {
  private parts: { stop(): Promise<void> | void }[] = [];
  private runtimes: Runtimes | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: ProvisionerSettings,
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    const seed = loadOrCreateSeed(this.settings.home, 'provisioner');
    const identity = await makeIdentity(seed);
    const install = new Install(this.dataSource.manager);
    await install.publishProvisionerKey(`0x${Buffer.from(identity.publicKey).toString('hex')}`);
    const nodeSettings: NodeSettings = {
      installId: (await install.get()).installId,
      provisionerSeed: seed,
      provisionerKey: Buffer.from(identity.publicKey).toString('hex'),
      gatewayKey: await this.gatewayKey(install),
      logLevel: this.settings.logLevel,
      history: this.settings.history,
    };
    const runtimes = new Runtimes(this.dataSource, this.settings, nodeSettings.installId);
    this.runtimes = runtimes;
    // A fresh name for every lease: a job that a queue runs twice must not share the lease of its first run.
    const owner = (): string => `provisioner-${process.pid}-${randomBytes(6).toString('hex')}`;
    const reconciler = new Reconciler(this.dataSource, runtimes, identity, { settings: nodeSettings, owner }, this.logger);
    const bell = new ChainBell(this.settings.queue, reconciler, this.logger);
    const sites = new SiteWatch(this.dataSource, runtimes, this.logger);
    const relay = new OutboxRelay(this.dataSource, this.settings.databaseUrl, bell, sites, this.logger);
    const resync = new Resync(this.dataSource, bell, reconciler, this.logger);
    const sweep = new Sweep(this.dataSource, this.logger);
    for (const part of [sites, bell, relay, resync, sweep]) part.start();
    this.parts = [reconciler, sweep, resync, relay, bell, sites];
  }

  /** Nodes pin the gateway's key from their creation on, so nothing can be started before the gateway has published it. */
  private async gatewayKey(install: Install): Promise<string> {
    for (;;) {
      const { gatewayPublicKey } = await install.get();
      if (gatewayPublicKey !== null) return gatewayPublicKey.replace(/^0x/, '');
      this.logger.info('waiting for the gateway to publish its key');
      await new Promise((resolve) => setTimeout(resolve, GATEWAY_POLL_MS));
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await stopParts(this.parts, this.logger);
    // Nodes stop whatever became of the rest: left behind, they would hold their ports.
    const runtimes = this.settings.stopNodesAtExit ? (this.runtimes?.all() ?? []) : [];
    await Promise.all(runtimes.map((runtime) => stopParts([{ stop: () => runtime.stopAll() }], this.logger)));
    await this.runtimes?.close();
    await this.dataSource.destroy();
  }
}
