import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { TestEngine } from '../../scripts/docker/test-engines.js';

/** What of a platform an engine holds, by name, asked of the engine itself. */
export interface EngineView {
  nodes: string[];
  relays: string[];
  chainNetworks: string[];
  volumes: string[];
}

const ofKind = (kind: string, chainId: string): { filters: { label: string[] } } => ({ filters: { label: [`stele.kind=${kind}`, `stele.chain=${chainId}`] } });
const containerNames = (found: readonly Docker.ContainerInfo[]): string[] => found.map((one) => one.Names[0] ?? one.Id).sort();

/** All of one chain, stopped containers included. */
export async function viewChain(engine: TestEngine, chainId: string): Promise<EngineView> {
  const docker = new Docker({ socketPath: engine.socketPath });
  const [nodes, relays, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, ...ofKind('node', chainId) }),
    docker.listContainers({ all: true, ...ofKind('relay', chainId) }),
    docker.listNetworks(ofKind('network', chainId)),
    docker.listVolumes(ofKind('volume', chainId)),
  ]);
  return {
    nodes: containerNames(nodes),
    relays: containerNames(relays),
    chainNetworks: networks.map((network) => network.Name).sort(),
    volumes: volumes.Volumes.map((volume) => volume.Name).sort(),
  };
}

/** How many containers run there at all, whoever made them. */
export async function runningContainers(engine: TestEngine): Promise<number> {
  return (await new Docker({ socketPath: engine.socketPath }).listContainers()).length;
}

/** Writes what every container that is there has logged into a folder, a file each. */
export async function saveContainerLogs(engine: TestEngine, folder: string): Promise<void> {
  const docker = new Docker({ socketPath: engine.socketPath });
  for (const { Id, Names } of await docker.listContainers({ all: true })) {
    const log = await docker.getContainer(Id).logs({ stdout: true, stderr: true, timestamps: true, tail: 5000 });
    writeFileSync(join(folder, `${(Names[0] ?? Id).replace('/', '')}.log`), log);
  }
}
