import type { OtpServiceDependencies } from '../src/app.ts';

/** The code of a request, out of the queue: for tests without a worker, that have a Redis of their own. */
export async function queuedCode(
  { redis, otpKeys }: Pick<OtpServiceDependencies, 'redis' | 'otpKeys'>,
  requestId: string,
): Promise<string> {
  for (const queue of (await redis.nodes('master')[0]?.keys('{otp:*}:deliveries')) ?? []) {
    for (const [, fields] of await redis.xrange(queue, '-', '+')) {
      const job = otpKeys.open('delivery', fields[1] ?? '');
      const { requestId: found, code } = JSON.parse(job ?? '{}') as { requestId?: string; code?: string };
      if (found === requestId && code !== undefined) return code;
    }
  }
  throw new Error('No code is queued for this request.');
}
