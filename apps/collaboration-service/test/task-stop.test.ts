import { ECSClient } from '@aws-sdk/client-ecs';
import { type CannedAnswer, eventually, startHttpServer } from '@kyong/testing';
import { expect, it, onTestFinished } from 'vitest';
import { whenTaskStops } from '../src/task-stop.ts';
import { collaborate, createDocument, createWorld } from './harness.ts';
import { startStickyProxy } from './sticky-proxy.ts';

const task = { Cluster: 'kyo', TaskARN: 'arn:aws:ecs:ap-northeast-1:123456789012:task/kyo/0123456789abcdef' };

/** ECS, by the container's own endpoint and by its API: each says what `wanted` holds. */
async function startEcs() {
  const wanted = { byContainer: 'RUNNING', byApi: 'RUNNING', answers: true };
  const { url, requests } = await startHttpServer(({ url: path }): CannedAnswer => {
    if (!wanted.answers) return { hangUp: true };
    if (path === '/v4/task') return { body: { ...task, DesiredStatus: wanted.byContainer } };
    return {
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: { tasks: [{ taskArn: task.TaskARN, desiredStatus: wanted.byApi }] },
    };
  });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const errors: unknown[] = [];
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const ecs = new ECSClient({ endpoint: url, region: 'ap-northeast-1', credentials, maxAttempts: 1 });
  const told = () =>
    whenTaskStops({
      metadataUri: `${url}v4`,
      ecs,
      intervalSeconds: 0.02,
      signal: stop.signal,
      onError: (error) => errors.push(error),
    });
  return { wanted, requests, errors, told, stop };
}

it('sockets move to another task while their target drains, before the signal and before the load balancer cuts them', async () => {
  const world = await createWorld();
  const { tenantId } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const [leaving, staying] = [await world.startServer(), await world.startServer()];
  const balancer = await startStickyProxy([leaving.url, staying.url]);
  balancer.deregister(1);
  const documentId = await createDocument(leaving, token);
  const clients = Array.from({ length: 8 }, () => collaborate(balancer.url, async () => token));
  const sessions = await Promise.all(clients.map((client) => client.open(documentId)));
  await Promise.all(sessions.map((session) => session.synced()));
  expect(balancer.open()).toEqual([8, 0]);

  const ecs = await startEcs();
  const drained = ecs.told().then(() => leaving.drain(1));
  await eventually(() => expect(ecs.requests.length).toBeGreaterThan(4));
  expect(balancer.open()).toEqual([8, 0]);

  // A deployment: another task takes what is new, this one keeps what it has until the drain is over.
  balancer.register(1);
  balancer.deregister(0);
  ecs.wanted.byApi = 'STOPPED';
  await drained;
  await eventually(() => expect(balancer.open()).toEqual([0, 8]));
  // The signal comes when the target is drained: it finds nothing left to do, and does not begin again.
  const again = leaving.drain(60);
  await expect(again).resolves.toBeUndefined();
  await leaving.stop();

  sessions[0]?.doc.getMap('edits').set('after', 'the move');
  for (const { doc } of sessions)
    await eventually(() => expect(doc.getMap('edits').get('after')).toBe('the move'));
});

it('a task is told by its own endpoint as well, and what does not answer is asked again and reported once', async () => {
  const { wanted, requests, errors, told } = await startEcs();
  wanted.answers = false;
  const stops = told();
  await eventually(() => expect(requests.length).toBeGreaterThan(2));
  expect(errors).toHaveLength(1);
  Object.assign(wanted, { answers: true, byContainer: 'STOPPED' });
  expect(await stops).toBe(true);
});

it('the asking ends when the process does', async () => {
  const { told, stop } = await startEcs();
  const stops = told();
  stop.abort();
  expect(await stops).toBe(false);
});
