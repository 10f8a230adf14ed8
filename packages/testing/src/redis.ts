import { Cluster } from 'ioredis';
import { inject, onTestFinished } from 'vitest';

/** A client of the test run's Redis (cluster mode, shared by all tests: use keys of your own), closed when the test ends. */
export function createTestRedis(): Cluster {
  const { host, port, password } = inject('redis');
  const client = new Cluster([{ host, port }], { redisOptions: { password } });
  onTestFinished(() => client.disconnect());
  return client;
}
