import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { DataCenterObservations, type DataCenterConnection, type DataCenterRecord } from '#persistence';
import { createDockerRuntime, createProcessRuntime, RuntimeError, type Runtime } from '#runtime';
import type { ProvisionerSettings } from '../settings.js';

/** One runtime per data center, made at first use and kept. */
export class Runtimes {
  private readonly byId = new Map<string, Runtime>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly settings: ProvisionerSettings,
    private readonly installId: string,
  ) {}

  /** @throws RuntimeError `Unsupported` for a kind that this installation refuses. */
  async of(dataCenter: DataCenterRecord): Promise<Runtime> {
    const known = this.byId.get(dataCenter.id);
    if (known !== undefined) return known;
    const runtime = this.create(dataCenter, await new DataCenterObservations(this.dataSource.manager).connection(dataCenter.id));
    this.byId.set(dataCenter.id, runtime);
    return runtime;
  }

  private create(dataCenter: DataCenterRecord, connection: DataCenterConnection): Runtime {
    const { installId } = this;
    if (dataCenter.runtime === 'docker') {
      return createDockerRuntime({
        installId,
        connection: connection as Exclude<DataCenterConnection, Record<string, never>>,
        ...(this.settings.nodeImage === undefined ? { bundleFolder: this.settings.bundleFolder } : { image: this.settings.nodeImage }),
      });
    }
    if (dataCenter.runtime === 'process') {
      if (this.settings.production) throw new RuntimeError('Unsupported', 'Child processes isolate nothing, so production mode refuses this data center. Register one with a container engine.');
      return createProcessRuntime({ installId, folder: join(this.settings.home, 'nodes', dataCenter.name), bundle: join(this.settings.bundleFolder, 'stele-node.cjs') });
    }
    throw new RuntimeError('Unsupported', `The runtime ${dataCenter.runtime} is not known to this version.`);
  }

  /** Those that were used so far. */
  all(): Runtime[] {
    return [...this.byId.values()];
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((runtime) => runtime.close()));
  }
}
