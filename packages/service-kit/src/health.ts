import type { Health } from '@kyong/contracts';
import { Problem } from './problem.ts';

/** Resolves when the part answers, rejects with the reason when it does not. */
export type HealthCheck = () => Promise<unknown>;

const checkTimeoutMilliseconds = 2_000;

/** Asks every part at once; a part that does not answer in two seconds is unavailable. */
export async function checkHealth(checks: Record<string, HealthCheck>): Promise<Health> {
  const parts = Object.fromEntries(
    await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await state(check)] as const),
    ),
  );
  const ready = Object.values(parts).every((part) => part.status === 'ready');
  return { status: ready ? 'ready' : 'unavailable', parts };
}

async function state(check: HealthCheck): Promise<Health['parts'][string]> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const timeout = new Promise((_, reject) => {
      timer = setTimeout(reject, checkTimeoutMilliseconds, new Error('no answer'));
    });
    await Promise.race([check(), timeout]);
    return { status: 'ready' };
  } catch (error) {
    // Why stays in the log: an address or a driver's message is not for the outside, but a problem is.
    const detail = error instanceof Problem ? error.message : 'does not answer';
    return { status: 'unavailable', detail };
  } finally {
    clearTimeout(timer);
  }
}
