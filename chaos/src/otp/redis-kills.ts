import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '@kyong/embedded-servers';
import type { Fault } from '../fault.ts';
import { interruptFlows } from './interrupted-flows.ts';

/** A Redis without replicas dies under load and comes back with its data, again and again. */
export const redisKills: Fault = {
  name: 'Redis kill -9 under load',
  async run(stage) {
    const { people, times } =
      stage.scale === 'full' ? { people: 4_000, times: 20 } : { people: 150, times: 1 };
    await using started = new AsyncDisposableStack();
    const server = new RedisServer(join(stage.directory, 'redis'), { fsync: 'always' });
    started.defer(() => server.stop());
    const { host, port, password } = await server.start(() => {});
    const finding = await interruptFlows(stage, {
      redis: { nodes: [{ host, port }], password },
      confirmingReplicas: 0,
      people,
      times,
      interrupt: async () => {
        server.signal('SIGKILL');
        await sleep(stage.random() * 300);
        await server.start(() => {});
      },
    });
    return {
      injected: `${times} kills of a Redis with fsync always; ${people.toLocaleString('en')} people signing in`,
      ...finding,
    };
  },
};
