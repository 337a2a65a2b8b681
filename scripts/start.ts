import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openStores } from '#persistence';
import { installEnding } from './platform/ending.js';
import { resetFirstAdmin, type FirstAdmin } from './platform/first-admin.js';
import { startPlatform, type Platform } from './platform/platform.js';

const USAGE = `npm start [-- options]     runs the platform until Ctrl-C
  --reset-admin    gives the first platform admin a new password, prints it, and ends

  STELE_HOME       its folder (default ./.stele)
  PORT             of the API on 127.0.0.1 (default 7300)
  STELE_RUNTIME    docker or process, for the first start (default: docker where an engine answers)
  DOCKER_HOST      unix://… of the engine (default /var/run/docker.sock)
  DATABASE_URL     PostgreSQL (default: embedded)
  REDIS_URL        queue (default: PostgreSQL)`;

/** `npm start`: runs the platform until Ctrl-C. Data under `STELE_HOME`, or `./.stele`. */
async function main(): Promise<void> {
  const options = optionsOf(process.argv.slice(2));
  if (options.help === true) return void console.log(USAGE);
  const home = resolve(process.env['STELE_HOME'] ?? '.stele');
  if (options['reset-admin'] === true) return resetAdmin(home);
  const started = performance.now();
  console.error('Stele starts …');
  const under: { way?: Promise<Platform> } = {};
  const ending = installEnding(
    async () => under.way?.then((platform) => platform.stop(), () => undefined),
    (again) => console.error(again ? '  still stopping; nodes finish what they are writing' : '\nStele stops: the platform and its nodes end, all data stays …'),
    0,
  );
  under.way = startPlatform({ home, env: process.env, signal: ending.signal, say: (detail) => console.error(`  … ${detail}`) });
  let platform: Platform;
  try {
    platform = await under.way;
  } catch (error) {
    if (ending.signal.aborted) return ending.end(0);
    throw error;
  }
  if (ending.signal.aborted) return ending.end(0);
  console.error(`\nStele is up after ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
  console.error(`  API        ${platform.url}/v1      OpenAPI ${platform.url}/openapi.json`);
  console.error(`  data       ${platform.home}`);
  for (const line of platform.explain()) console.error(`  ${line}`);
  if (platform.firstAdmin !== undefined) {
    console.error('\n  The first platform admin, shown this once:');
    showAdmin(platform.firstAdmin);
    console.error(`    curl -s ${platform.url}/v1/sessions -H 'content-type: application/json' -d '${JSON.stringify(platform.firstAdmin)}'`);
    platform.adminShown();
  }
  const missing = await platform.chainsBack((detail) => console.error(`  … ${detail}`)).catch((error: unknown) => {
    if (ending.signal.aborted) return [];
    throw error;
  });
  for (const line of missing) console.error(`  ${line}; it is tried again. Its log is under ${platform.home}, or in its container.`);
  console.error('\n  Ctrl-C stops it; the next start finds everything as it was.');
}

function optionsOf(args: string[]): { help?: boolean; 'reset-admin'?: boolean } {
  try {
    return parseArgs({ args, options: { help: { type: 'boolean', short: 'h' }, 'reset-admin': { type: 'boolean' } } }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function resetAdmin(home: string): Promise<void> {
  const stores = await openStores(process.env, home);
  try {
    const admin = await resetFirstAdmin(stores.urls.owner);
    console.error('\n  The platform admin has a new password, shown this once; its sessions have ended:');
    showAdmin(admin);
  } finally {
    await stores.stop();
  }
}

function showAdmin(admin: FirstAdmin): void {
  console.error(`    email     ${admin.email}\n    password  ${admin.password}`);
}

main().catch((error: unknown) => {
  console.error(`\nStele did not start: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env['STELE_VERBOSE'] !== undefined && error instanceof Error) console.error(error.stack);
  process.exit(1);
});
