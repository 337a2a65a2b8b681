import { createHash } from 'node:crypto';
import type { NodeSpec } from './port.js';

/** Labels on everything that we make at an engine: what finds it again when names and rows are lost. */
export const LABELS = {
  install: 'stele.install',
  kind: 'stele.kind',
  chain: 'stele.chain',
  node: 'stele.node',
  generation: 'stele.generation',
  specHash: 'stele.spec-hash',
} as const;

/** What a labelled object is; only `node`s are listed as nodes. */
export type ObjectKind = 'node' | 'relay' | 'network' | 'egress' | 'volume' | 'probe';

/** Engines accept [a-zA-Z0-9_.-]; ids that need more are a mistake of the caller. */
function part(value: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(value)) throw new TypeError(`${JSON.stringify(value)} is no id that can be part of a name.`);
  return value;
}

/** The install is part of each name, so that two installs on one engine never meet. */
export const nodeName = (installId: string, nodeId: string): string => `stele-${part(installId)}-${part(nodeId)}`;
export const volumeName = (installId: string, nodeId: string): string => `stele-${part(installId)}-${part(nodeId)}-data`;
export const networkName = (installId: string, chainId: string): string => `stele-${part(installId)}-${part(chainId)}`;
export const relayName = (installId: string, chainId: string): string => `stele-${part(installId)}-${part(chainId)}-relay`;
/** Two hyphens: sorts before the names of all chains' networks, on which `docker/relay.ts` relies. */
export const egressNetworkName = (installId: string): string => `stele-${part(installId)}--egress`;

/** Raised when what a driver makes out of an equal spec changes, so that running nodes are seen as drifted. */
const DRIVER_VERSION = 2;

function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value as Record<string, unknown>).filter(([, item]) => item !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
    .join(',')}}`;
}

/** SHA-256 over a canonical rendering, in hex, shortened to 128 bits: fits a label and a person's eye. */
export function contentHash(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 32);
}

/** The hash by which `apply` knows whether what runs is what is wanted; every field of the spec counts, key order does not. */
export function specHash(spec: NodeSpec): string {
  return contentHash({ driver: DRIVER_VERSION, spec });
}
