import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisCluster, type RedisServer, waitFor } from '@kyong/embedded-servers';
import { Redis } from 'ioredis';
import type { Fault } from '../fault.ts';
import type { Random } from '../random.ts';
import { interruptFlows } from './interrupted-flows.ts';

const settings = {
  primaries: 3,
  replicasPerPrimary: 1,
  nodeTimeoutMilliseconds: 1_000,
  fsync: 'always',
} as const;
const recoverySeconds = 180;

/** Primaries die in the middle of people's signing in, replicas take their places, and the dead come back as replicas. */
export const failovers: Fault = {
  name: 'Redis failed over in the middle of flows',
  async run(stage) {
    const { people, times } =
      stage.scale === 'full' ? { people: 10_000, times: 10 } : { people: 300, times: 1 };
    await using started = new AsyncDisposableStack();
    const cluster = new RedisCluster(join(stage.directory, 'redis'), settings);
    started.defer(() => cluster.stop());
    await cluster.start(() => {});
    const finding = await interruptFlows(stage, {
      redis: {
        nodes: cluster.servers.map(({ endpoint: { host, port } }) => ({ host, port })),
        password: cluster.password,
      },
      confirmingReplicas: settings.replicasPerPrimary,
      people,
      times,
      interrupt: () => failOver(cluster, stage.random),
    });
    return {
      injected: `${times} primaries killed while their replicas had heard nothing for up to 0.8 s; ${people.toLocaleString('en')} people signing in`,
      ...finding,
    };
  },
};

/** Kills a primary, waits until its replica has taken over, and brings it back as a replica of that one. */
async function failOver(cluster: RedisCluster, random: Random): Promise<void> {
  const primaries = await cluster.primaries();
  const victim = primaries[Math.floor(random() * primaries.length)];
  if (!victim) throw new RangeError('There is no primary.');
  await killAlone(cluster, victim, 200 + random() * 600);
  await waitFor('Failing over', recoverySeconds, async () =>
    (await cluster.primaries()).length === primaries.length ? true : undefined,
  );
  await sleep(random() * 1_000);
  await victim.start(() => {});
  await cluster.whole(recoverySeconds);
}

/** Kills a primary whose replica has heard nothing for a while: what was written then, it alone had. */
async function killAlone(
  cluster: RedisCluster,
  victim: RedisServer,
  deafMilliseconds: number,
): Promise<void> {
  const client = new Redis(victim.endpoint);
  const [, , replicas] = (await client.role()) as [
    string,
    number,
    [host: string, port: string, offset: string][],
  ];
  const replica = cluster.servers.find(({ endpoint }) => String(endpoint.port) === replicas[0]?.[1]);
  replica?.signal('SIGSTOP');
  await client.call('CLIENT', 'KILL', 'TYPE', 'replica');
  client.disconnect();
  await sleep(deafMilliseconds);
  victim.signal('SIGKILL');
  replica?.signal('SIGCONT');
}
