import { randomFillSync } from 'node:crypto';

const poolBytes = 4_096;
const pool = Buffer.alloc(poolBytes);
let used = poolBytes;

/**
 * `count` bytes (at most 4,096) from the CSPRNG, which is asked for many at a time: a call costs more than a microsecond
 * whatever it brings. None is handed out twice.
 */
export function drawBytes(count: number): Buffer {
  if (used + count > poolBytes) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = Buffer.from(pool.subarray(used, used + count));
  pool.fill(0, used, used + count);
  used += count;
  return bytes;
}
