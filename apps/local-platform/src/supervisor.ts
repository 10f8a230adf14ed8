import type { Logger } from '@kyong/service-kit';

const intervalSeconds = 5;

/** Starts again what has died under the platform. */
export function startSupervisor(options: { revive: () => Promise<string[]>; logger: Logger }): {
  stop(): Promise<void>;
} {
  let turn = Promise.resolve();
  const timer = setInterval(() => {
    turn = turn.then(async () => {
      try {
        const revived = await options.revive();
        if (revived.length > 0) options.logger.warn({ revived }, 'servers had died and were started again');
      } catch (err) {
        options.logger.warn({ err }, 'a server could not be started again');
      }
    });
  }, intervalSeconds * 1000);
  return {
    async stop() {
      clearInterval(timer);
      await turn;
    },
  };
}
