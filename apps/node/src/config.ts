import { fromHex } from '#ledger';

/** What a node is told from outside. Everything else it learns from genesis and its peers. */
export interface NodeConfig {
  /** Folder of its own: keys, log, chain. */
  dataFolder: string;
  host: string;
  peerPort: number;
  controlPort: number;
  rpcPort: number;
  /** Raw Ed25519 keys whose holders may use the listener. */
  controlKeys: readonly Uint8Array[];
  rpcKeys: readonly Uint8Array[];
  /** The one-time secret, base64url; undefined for a node that was enrolled by other means. */
  enrolSecret: string | undefined;
  /** Plain JSON-RPC for a development chain; loopback only. */
  devRpc: { host: string; port: number } | undefined;
  logLevel: string;
  /** How a node without a chain of its own begins: with genesis, executing every block since; or with a recent state (docs/spec/sync.md, N1). */
  sync: 'genesis' | 'snapshot';
  /** Of how many blocks below the head the states are kept (docs/spec/storage.md, "History"). */
  history: number | 'archive';
  /** This program's own file, from which it starts its threads; undefined where it runs without any. */
  program?: string;
}

/** A state of a block costs what the block changed: these are hours of a busy chain and months of a quiet one. */
const DEFAULT_HISTORY = 10_000;
/** A call or a peer that begins from a snapshot reads a state for as long as it needs. */
const LEAST_HISTORY = 128;

/** @throws Error that names the variable which is missing or wrong. */
export function readConfig(env: NodeJS.ProcessEnv): NodeConfig {
  const dataFolder = env['STELE_DATA'];
  if (dataFolder === undefined || dataFolder === '') throw new Error('STELE_DATA must name the folder of this node.');
  return {
    dataFolder,
    host: env['STELE_HOST'] ?? '0.0.0.0',
    peerPort: port(env, 'STELE_PEER_PORT', 7400),
    controlPort: port(env, 'STELE_CONTROL_PORT', 7401),
    rpcPort: port(env, 'STELE_RPC_PORT', 7402),
    controlKeys: keys(env, 'STELE_CONTROL_KEYS'),
    rpcKeys: keys(env, 'STELE_RPC_KEYS'),
    enrolSecret: env['STELE_ENROL_SECRET'] === '' ? undefined : env['STELE_ENROL_SECRET'],
    devRpc: loopback(env['STELE_DEV_RPC']),
    logLevel: env['STELE_LOG_LEVEL'] ?? 'info',
    sync: syncMode(env['STELE_SYNC']),
    history: stateHistory(env['STELE_HISTORY']),
  };
}

function syncMode(text: string | undefined): NodeConfig['sync'] {
  if (text === undefined || text === '' || text === 'genesis') return 'genesis';
  if (text === 'snapshot') return text;
  throw new Error(`STELE_SYNC must be genesis or snapshot, not "${text}".`);
}

function stateHistory(text: string | undefined): NodeConfig['history'] {
  if (text === undefined || text === '') return DEFAULT_HISTORY;
  if (text === 'archive') return text;
  const blocks = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(blocks) || blocks < LEAST_HISTORY) throw new Error(`STELE_HISTORY must be archive or a number of blocks, at least ${LEAST_HISTORY}, not "${text}".`);
  return blocks;
}

function port(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const value = Number(env[name] ?? fallback);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new Error(`${name} must be a port number.`);
  return value;
}

function keys(env: NodeJS.ProcessEnv, name: string): Uint8Array[] {
  return (env[name] ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '').map((part) => {
    const key = fromHex(part);
    if (key.length !== 32) throw new Error(`${name} must hold Ed25519 public keys of 64 hex digits, separated by commas.`);
    return key;
  });
}

function loopback(text: string | undefined): { host: string; port: number } | undefined {
  if (text === undefined || text === '') return undefined;
  const match = /^(127\.0\.0\.1|localhost):(\d+)$/.exec(text);
  if (match === null) throw new Error('STELE_DEV_RPC must be 127.0.0.1:PORT: plain JSON-RPC is for one machine only.');
  return { host: '127.0.0.1', port: Number(match[2]) };
}
