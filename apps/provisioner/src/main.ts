import 'reflect-metadata';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { pino } from 'pino';
import { AppModule } from './app.module.js';
import { Provisioner } from './provisioner.js';
import { readSettings } from './settings.js';

/** Where the build puts the bundled node program, seen from dist/apps/provisioner/src. */
const BUNDLE_FOLDER = join(__dirname, '..', '..', '..', 'node');

async function main(): Promise<void> {
  const settings = readSettings(process.env, BUNDLE_FOLDER);
  // Logs go to standard error: standard output is kept for the ready line.
  const logger = pino({ level: settings.logLevel, base: { app: 'provisioner' } }, pino.destination({ dest: 2, sync: true }));
  const app = await NestFactory.createApplicationContext(AppModule.with(settings, logger), { logger: ['error', 'fatal'], abortOnError: false });
  app.enableShutdownHooks();
  // The starter holds the other end of our standard input: its end means that the starter is gone.
  if (process.env['STELE_STOP_WITH_PARENT'] === '1') process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM')).resume();
  await app.get(Provisioner).start();
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`the provisioner did not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
