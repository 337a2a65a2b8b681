import { isMainThread } from 'node:worker_threads';
import { isRecoveryThread, serveExecution, serveRecovery } from '#evm';
import { readConfig, type NodeConfig } from './config.js';
import { createLogger } from './log/logger.js';
import { collectSeldom } from './node/heap.js';
import { LedgerNode } from './node/node.js';
import { to0x } from '#ledger';

/** A clean end that takes longer has hung. */
const STOP_LIMIT_MS = 10_000;

async function main(): Promise<void> {
  let config: NodeConfig;
  try {
    config = { ...readConfig(process.env), program: __filename };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
  // Nothing that this process starts, dumps or reports needs to hold it any longer.
  delete process.env['STELE_ENROL_SECRET'];
  const logger = createLogger(config.logLevel);
  const fatal = (error: Error): void => {
    logger.error('the node must end', { reason: error.stack ?? error.message, cause: error.cause instanceof Error ? error.cause.message : undefined });
    process.exit(1);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', (reason) => fatal(reason instanceof Error ? reason : new Error(String(reason))));

  const { node, ports } = await LedgerNode.start(config, logger, () => void stop('drained'), fatal);
  let stopping = false;
  async function stop(why: string): Promise<void> {
    if (stopping) return;
    stopping = true;
    logger.info('stopping', { why });
    setTimeout(() => fatal(new Error(`the node did not stop within ${STOP_LIMIT_MS} ms`)), STOP_LIMIT_MS).unref();
    await node.stop();
    process.exit(0);
  }
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  // A program that started us with a channel wants no nodes left over when it dies.
  if (process.connected) process.on('disconnect', () => void stop('whoever started this node is gone'));
  logger.info('listening', { ...ports, publicKey: to0x(node.identity.publicKey), startMs: Math.round(performance.now()) });
  process.stdout.write(`${JSON.stringify({ ready: true, publicKey: to0x(node.identity.publicKey), ports })}\n`);
}

// Its threads run the same file: a node is one program.
if (isMainThread) {
  collectSeldom();
  void main();
} else if (isRecoveryThread()) serveRecovery();
else serveExecution();
