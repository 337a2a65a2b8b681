import { statSync } from 'node:fs';
import { resolve } from 'node:path';

/** What the gateway is told from outside; read once at boot. */
export interface GatewaySettings {
  /** Folder that holds `keys/`. */
  home: string;
  /** PostgreSQL, as the role `stele_gateway`. */
  databaseUrl: string;
  host: string;
  /** 0 takes any free port. */
  port: number;
  logLevel: string;
  /** Origins whose browser pages may call the API; none unless set. */
  corsOrigins: string[];
  /** Addresses of proxies whose X-Forwarded-For is believed; none unless set. */
  trustedProxies: string[];
  /** Folder of further builds of solc; null for the installed one alone. */
  solcFolder: string | null;
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '');
}

function readFolder(env: NodeJS.ProcessEnv, name: string): string | null {
  const path = env[name];
  if (path === undefined || path === '') return null;
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`${name} must name a folder that is there; ${path} is none`);
  return resolve(path);
}

/** @throws Error that names the variable which is missing or wrong. */
export function readSettings(env: NodeJS.ProcessEnv): GatewaySettings {
  const home = env['STELE_HOME'];
  const databaseUrl = env['STELE_DATABASE_URL'];
  if (home === undefined || home === '') throw new Error('STELE_HOME must name the folder that holds the platform’s data');
  if (databaseUrl === undefined || databaseUrl === '') throw new Error('STELE_DATABASE_URL must name the PostgreSQL database for the role stele_gateway');
  const port = Number(env['PORT'] ?? '7300');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('PORT must be a port number');
  return {
    home,
    databaseUrl,
    host: env['STELE_GATEWAY_HOST'] ?? '127.0.0.1',
    port,
    logLevel: env['STELE_LOG_LEVEL'] ?? 'info',
    corsOrigins: list(env['STELE_CORS_ORIGINS']),
    trustedProxies: list(env['STELE_TRUSTED_PROXIES']),
    solcFolder: readFolder(env, 'STELE_SOLC'),
  };
}
