import { waitFor } from '@kyong/embedded-servers';
import { connectRedis, type RedisConnection, untilReady } from '@kyong/redis';
import type { Finding, Stage } from '../fault.ts';
import { Flows } from './flows.ts';
import { withHttpService } from './http-service.ts';
import { countLosses, isWhole } from './losses.ts';

const clients = 200;
const patienceSeconds = 300;

/**
 * While `people` sign in, Redis is interrupted so many `times`, spread over them, and is whole again after each.
 * Afterwards everybody is signed in, nothing promised is lost, and whoever was refused was told to come back.
 */
export async function interruptFlows(
  stage: Stage,
  options: {
    redis: RedisConnection;
    confirmingReplicas: number;
    people: number;
    times: number;
    interrupt: () => Promise<void>;
  },
): Promise<Omit<Finding, 'injected'>> {
  const { people, times, interrupt } = options;
  return withHttpService(stage, options, async (service) => {
    await using started = new AsyncDisposableStack();
    const redis = connectRedis(options.redis, () => {});
    started.defer(() => redis.disconnect());
    await untilReady(redis);
    const flows = new Flows(service, stage.random);
    const interruptions = async () => {
      for (let done = 0; done < times; done++) {
        await waitFor('Signing in', patienceSeconds, () =>
          flows.told.signedIn >= ((done + 0.3) / times) * people ? true : undefined,
        );
        await interrupt();
      }
    };
    await Promise.all([flows.run({ people, clients }), interruptions()]);
    const counts = await countLosses(service, flows.told, redis);
    return { counts, held: isWhole(counts, people) };
  });
}
