import { request } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDataSource, DataCenterObservations, Install } from '#persistence';
import { createDockerRuntime, createProcessRuntime, networkName, nodeName, type Runtime } from '#runtime';

/** A data center's runtime as the starter reaches it, past the platform: to kill a node in the demo, and to clean up. */
export interface SiteRuntime {
  runtime: Runtime;
  kill(nodeId: string): Promise<void>;
}

/** A registered data center, as the starter speaks of it. */
export interface KnownSite {
  name: string;
  runtime: string;
  /** Of a local engine. */
  socketPath: string | undefined;
}

export async function knownSites(ownerUrl: string): Promise<KnownSite[]> {
  const dataSource = await createDataSource(ownerUrl).initialize();
  try {
    const observations = new DataCenterObservations(dataSource.manager);
    return await Promise.all((await observations.list()).map(async ({ id, name, runtime }) => {
      const connection = await observations.connection(id);
      return { name, runtime, socketPath: 'socketPath' in connection ? connection.socketPath : undefined };
    }));
  } finally {
    await dataSource.destroy();
  }
}

/** The runtimes of every registered data center. */
export async function siteRuntimes(ownerUrl: string, home: string): Promise<SiteRuntime[]> {
  const dataSource = await createDataSource(ownerUrl).initialize();
  try {
    const { installId } = await new Install(dataSource.manager).get();
    const observations = new DataCenterObservations(dataSource.manager);
    const sites: SiteRuntime[] = [];
    for (const dataCenter of await observations.list()) {
      const connection = await observations.connection(dataCenter.id);
      if (dataCenter.runtime === 'process') {
        const folder = join(home, 'nodes', dataCenter.name);
        sites.push({ runtime: createProcessRuntime({ installId, folder, bundle: '' }), kill: (nodeId) => killProcess(folder, nodeId) });
      } else if ('socketPath' in connection) {
        const { socketPath } = connection;
        sites.push({ runtime: createDockerRuntime({ installId, connection: { socketPath } }), kill: (nodeId) => killContainer(socketPath, nodeName(installId, nodeId)) });
      }
    }
    return sites;
  } finally {
    await dataSource.destroy();
  }
}

/** Removes every node, relay, network and volume of this installation: the end of a demo or a test. Keys in the volumes are destroyed. */
export async function removeEverything(sites: readonly SiteRuntime[]): Promise<void> {
  for (const { runtime } of sites) {
    await runtime.stopAll();
    const nodes = await runtime.list();
    const volumes = await runtime.listVolumes();
    await Promise.all(nodes.map((node) => runtime.remove(node.nodeId, { volume: 'delete' })));
    for (const chainId of new Set([...nodes, ...volumes].map((one) => one.chainId))) await runtime.removeNetwork(networkName(runtime.installId, chainId));
    for (const volume of await runtime.listVolumes()) await runtime.removeVolume(volume.name);
  }
}

async function killProcess(folder: string, nodeId: string): Promise<void> {
  const record = JSON.parse(readFileSync(join(folder, 'nodes', nodeId, 'node.json'), 'utf8')) as { process?: { pid: number } };
  if (record.process === undefined) throw new Error(`node ${nodeId} does not run`);
  process.kill(record.process.pid, 'SIGKILL');
}

function killContainer(socketPath: string, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method: 'POST', path: `/containers/${name}/kill?signal=SIGKILL` }, (response) => {
      response.resume();
      if (response.statusCode === 204) resolve();
      else reject(new Error(`the engine answered ${String(response.statusCode)} when it was asked to kill ${name}`));
    });
    call.on('error', reject);
    call.end();
  });
}
