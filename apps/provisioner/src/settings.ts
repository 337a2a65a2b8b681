import { parseQueueConnection, type QueueConnection } from '#persistence';

/** What the provisioner is told from outside; read once at boot. */
export interface ProvisionerSettings {
  /** Folder that holds `keys/`, and the nodes of a `process` data center. */
  home: string;
  /** PostgreSQL, as the role `stele_provisioner`. */
  databaseUrl: string;
  queue: QueueConnection;
  logLevel: string;
  /** Production refuses data centers that isolate nothing. */
  production: boolean;
  /** Stop every node when this program is told to stop: `npm start` asks for it, a service does not. */
  stopNodesAtExit: boolean;
  /** Folder with the bundled node program and its addons. */
  bundleFolder: string;
  /** Name of a node image that every engine has already (docker/Dockerfile.node), instead of one made from the bundle. */
  nodeImage: string | undefined;
  /** How many blocks' states the nodes keep, or `archive`; undefined leaves it to them. */
  history: string | undefined;
}

/** Injection token of the settings. */
export const SETTINGS = Symbol('ProvisionerSettings');

/** @throws Error that names the variable which is missing or wrong. */
export function readSettings(env: NodeJS.ProcessEnv, bundleFolder: string): ProvisionerSettings {
  const home = env['STELE_HOME'];
  const databaseUrl = env['STELE_DATABASE_URL'];
  if (home === undefined || home === '') throw new Error('STELE_HOME must name the folder that holds the platform’s data');
  if (databaseUrl === undefined || databaseUrl === '') throw new Error('STELE_DATABASE_URL must name the PostgreSQL database for the role stele_provisioner');
  return {
    home,
    databaseUrl,
    queue: parseQueueConnection(env['STELE_QUEUE']),
    logLevel: env['STELE_LOG_LEVEL'] ?? 'info',
    production: env['NODE_ENV'] === 'production',
    stopNodesAtExit: env['STELE_STOP_NODES'] === '1',
    bundleFolder: env['STELE_NODE_BUNDLE'] ?? bundleFolder,
    nodeImage: env['STELE_NODE_IMAGE'] === '' ? undefined : env['STELE_NODE_IMAGE'],
    history: nodeHistory(env['STELE_HISTORY']),
  };
}

/** Told to the nodes as it is: a wrong one must end this program, not each of them. */
function nodeHistory(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (text !== 'archive' && !(/^\d{3,15}$/.test(text) && Number(text) >= 128)) throw new Error(`STELE_HISTORY must be archive or a number of blocks, at least 128, not "${text}"`);
  return text;
}
