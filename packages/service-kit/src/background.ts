import type { FastifyInstance } from 'fastify';
import type { Logger } from './logger.ts';

/**
 * Runs `task` when the app is ready, which waits for it, then every `milliseconds`, and if `atEnd` a last time when the app
 * closes.
 * A task that fails is logged once until it succeeds again, and keeps nothing from running.
 */
export function runInBackground(
  app: FastifyInstance,
  {
    name,
    milliseconds,
    atEnd = false,
    logger,
  }: { name: string; milliseconds: number; atEnd?: boolean; logger: Logger },
  task: () => Promise<void>,
): void {
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<void> | undefined;
  let failing = false;
  const run = async () => {
    try {
      await task();
      failing = false;
    } catch (err) {
      if (!failing) logger.warn({ err, task: name }, 'background task disturbed');
      failing = true;
    }
  };
  const runAlone = () => {
    underWay ??= run().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
  app.addHook('onReady', async () => {
    await runAlone();
    timer = setInterval(() => void runAlone(), milliseconds).unref();
  });
  app.addHook('onClose', async () => {
    clearInterval(timer);
    await underWay;
    if (atEnd) await runAlone();
  });
}
