import type { ChainNetwork, NodeSpec } from '../port.js';

/** What is in a fake site: it outlives the runtime objects that look at it, as an engine outlives the provisioner. */
export interface FakeSite {
  nodes: Map<string, FakeNode>;
  networks: Map<string, ChainNetwork & { installId: string; chainId: string }>;
  volumes: Map<string, { installId: string; chainId: string; nodeId: string }>;
  images: Set<string>;
  /** By install and chain: what its relay lets through. */
  egress: Map<string, Record<string, string[]>>;
  /** How many nodes fit; `apply` of one more is `Exhausted`. */
  room: number;
}

export interface FakeNode {
  spec: NodeSpec;
  specHash: string;
  state: 'created' | 'running' | 'exited';
  exitCode?: number;
  startedAt?: string;
  restarts: number;
}

export function createFakeSite(options?: { room?: number }): FakeSite {
  return { nodes: new Map(), networks: new Map(), volumes: new Map(), images: new Set(), egress: new Map(), room: options?.room ?? 1000 };
}

/** Ends a node as a crash does: the runtime has not been asked. */
export function crashFakeNode(site: FakeSite, installId: string, nodeId: string, exitCode = 137): void {
  const node = site.nodes.get(`${installId}/${nodeId}`);
  if (node === undefined) throw new Error(`There is no node ${nodeId} to crash.`);
  node.state = 'exited';
  node.exitCode = exitCode;
}
