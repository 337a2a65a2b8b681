import { resolve } from 'node:path';
import { startPlatform } from './platform/platform.js';

/** `npm start`: runs the platform until Ctrl-C. Data under `STELE_HOME`, or `./.stele`. */
async function main(): Promise<void> {
  const home = resolve(process.env['STELE_HOME'] ?? '.stele');
  const started = performance.now();
  console.error('Stele starts …');
  const starting = startPlatform({ home, env: process.env, say: (detail) => console.error(`  … ${detail}`) });
  let ending = false;
  const end = (): void => {
    if (ending) {
      console.error('  still stopping; nodes finish what they are writing');
      return;
    }
    ending = true;
    console.error('\nStele stops: the platform and its nodes end, all data stays …');
    // A start that is under way is let finish first: what it has started would otherwise stay.
    const stopped = starting.then((platform) => platform.stop());
    void stopped.then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  const platform = await starting;
  if (ending) return;
  console.error(`\nStele is up after ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
  console.error(`  API        ${platform.url}/v1      OpenAPI ${platform.url}/openapi.json`);
  console.error(`  data       ${platform.home}`);
  for (const line of platform.explain()) console.error(`  ${line}`);
  if (platform.firstAdmin !== undefined) {
    console.error('\n  The first platform admin, shown this once:');
    console.error(`    email     ${platform.firstAdmin.email}\n    password  ${platform.firstAdmin.password}`);
    console.error(`    curl -s ${platform.url}/v1/sessions -H 'content-type: application/json' -d '${JSON.stringify(platform.firstAdmin)}'`);
  }
  console.error('\n  Ctrl-C stops it; the next start finds everything as it was.');
}

main().catch((error: unknown) => {
  console.error(`\nStele did not start: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env['STELE_VERBOSE'] !== undefined && error instanceof Error) console.error(error.stack);
  process.exit(1);
});
