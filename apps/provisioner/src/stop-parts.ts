import type { Logger } from 'pino';

/** Stops one part after the other; one that fails (its store is gone) is logged and keeps none of the others from stopping. */
export async function stopParts(parts: readonly { stop(): Promise<void> | void }[], logger: Pick<Logger, 'warn'>): Promise<void> {
  for (const part of parts) {
    try {
      await part.stop();
    } catch (error) {
      logger.warn({ err: error }, 'a part did not stop in order');
    }
  }
}
