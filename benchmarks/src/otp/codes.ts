import type { OtpKeys } from '@kyong/otp';
import type { Redis } from 'ioredis';

const partitions = 8;

/** Takes every queued delivery, as a delivery worker would, and reads the codes: by address. */
export async function readCodes(redis: Redis, keys: OtpKeys): Promise<Map<string, string>> {
  const codes = new Map<string, string>();
  for (let partition = 0; partition < partitions; partition++) {
    const queue = `{otp:${partition}}:deliveries`;
    for (const [, fields] of await redis.xrange(queue, '-', '+')) {
      const sealed = fields[fields.indexOf('delivery') + 1];
      const opened = sealed === undefined ? undefined : keys.open('delivery', sealed);
      if (opened === undefined) throw new Error('A queued delivery cannot be read.');
      const { to, code } = JSON.parse(opened) as { to: string; code: string };
      codes.set(to, code);
    }
    await redis.del(queue);
  }
  return codes;
}
