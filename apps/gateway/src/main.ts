import { createGateway } from './gateway.js';
import { createLogger } from './http/logger.js';
import { readSettings } from './settings.js';

const STOP_TIMEOUT_MS = 10_000;

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const logger = createLogger(settings.logLevel);
  const gateway = await createGateway(settings, logger);
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
    gateway.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'the stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  // The starter holds the other end of our standard input: its end means that the starter is gone.
  if (process.env['STELE_STOP_WITH_PARENT'] === '1') process.stdin.on('end', () => stop('end of the parent')).resume();
  const url = await gateway.listen();
  process.stdout.write(`${JSON.stringify({ ready: true, url })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
