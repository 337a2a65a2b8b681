import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NodePorts, NodeSpec } from '../port.js';
import type { ProcessIdentity } from './identity.js';

/** What is written down about a node that runs as a child process: `node.json` in its folder. */
export interface NodeRecord {
  version: 1;
  installId: string;
  chainId: string;
  nodeId: string;
  generation: number;
  specHash: string;
  advertise: string;
  ports: NodePorts;
  volume: string;
  /** `starting` is written before the process is made, so that one whose pid was lost is looked for. */
  phase: 'created' | 'starting' | 'started' | 'stopped';
  process?: ProcessIdentity;
  startedAt?: string;
  exitCode?: number;
}

export function recordOf(spec: NodeSpec, specHash: string): NodeRecord {
  const { installId, chainId, nodeId, generation, advertise, ports, volume } = spec;
  return { version: 1, installId, chainId, nodeId, generation, specHash, advertise, ports, volume, phase: 'created' };
}

export function readRecord(path: string): NodeRecord | undefined {
  if (!existsSync(path)) return undefined;
  return JSON.parse(readFileSync(path, 'utf8')) as NodeRecord;
}

/** Whole or not at all: written beside, then renamed. Mode 0600, as it tells where keys lie. */
export function writeRecord(path: string, record: NodeRecord): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, JSON.stringify(record, null, 2), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

/** Node ids that have a record below a folder. */
export function recordedNodes(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'node.json'))).sort();
}
