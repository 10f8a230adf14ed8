import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from './callers.ts';
import type { Deed, Kind } from './deeds.ts';

/** Somebody who signs in, always from the same address. */
export interface Person {
  to: string;
  caller: Caller;
}

const pollMilliseconds = 20;
/** A person who has waited so long asks for another code. */
const patienceMilliseconds = 10_000;

/**
 * Asks for a code, waits for it and signs in, as people do: with the newest code that came, and with the one before when that
 * is somebody else's.
 * @returns the access token.
 * @throws {Error} that says what was refused.
 */
export async function signIn(
  { to, caller }: Person,
  { tenantId, purpose = 'login' }: { tenantId?: string; purpose?: 'login' | 'signup' },
  told: (deed: Deed) => void = () => {},
): Promise<{ accessToken: string; refreshToken: string }> {
  const timed = async <T>(kind: Kind, task: () => Promise<T>): Promise<T> => {
    const at = performance.now();
    try {
      const result = await task();
      told({ kind, at, milliseconds: performance.now() - at });
      return result;
    } catch (error) {
      told({ kind, at, milliseconds: performance.now() - at, failure: (error as Error).message });
      throw error;
    }
  };
  const channel = to.startsWith('+') ? 'sms' : 'email';
  const known = new Set(await codesOf({ to, caller }));
  const { requestId } = await timed('send', async () => {
    const sent = await caller.request('POST', '/api/otp/send', { body: { channel, to, purpose, tenantId } });
    if (sent.status !== 202) throw new Error(`send: ${sent.status} ${sent.body?.code}`);
    return sent.body as { requestId: string };
  });
  const until = performance.now() + patienceMilliseconds;
  await timed('delivery', async () => {
    while ((await codesOf({ to, caller })).every((code) => known.has(code))) {
      if (performance.now() > until) throw new Error('delivery: no code came');
      await sleep(pollMilliseconds);
    }
  });
  return timed('verify', async () => {
    let refusal = 'no code';
    while (performance.now() < until) {
      for (const code of (await codesOf({ to, caller })).filter((code) => !known.has(code))) {
        known.add(code);
        const answer = await caller.request('POST', '/api/otp/verify', { body: { requestId, code } });
        if (answer.status === 200) return answer.body;
        refusal = `${answer.status} ${answer.body?.code}`;
      }
      await sleep(pollMilliseconds);
    }
    throw new Error(`verify: ${refusal}`);
  });
}

/** What came to a person, newest first. */
async function codesOf({ to, caller }: Person): Promise<string[]> {
  const { body } = await caller.request('GET', `/dev/outbox?to=${encodeURIComponent(to)}`);
  if (!Array.isArray(body)) return [];
  return (body as { body: string }[]).flatMap(({ body: text }) => /\b\d{6}\b/.exec(text)?.[0] ?? []);
}
