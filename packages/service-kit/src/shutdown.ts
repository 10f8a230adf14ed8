import closeWithGrace from 'close-with-grace';
import type { Logger } from './logger.ts';

/**
 * Runs `close` on SIGTERM, SIGINT or an error nobody caught, then ends the process; the function returned does the same.
 * After `deadlineSeconds`, or at a second signal, the process ends without waiting any longer.
 */
export function onShutdown(
  options: { logger: Logger; deadlineSeconds: number },
  close: () => Promise<void>,
): () => void {
  const { close: end } = closeWithGrace(
    { delay: options.deadlineSeconds * 1000, logger: false },
    async ({ signal, err }) => {
      if (err) options.logger.fatal({ err }, 'shutting down after an error');
      else options.logger.info({ signal }, 'shutting down');
      await close();
    },
  );
  return end;
}
