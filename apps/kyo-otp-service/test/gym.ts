import type { OtpLogPage, OutboxMessage, SendOtpResponse, TenantRole } from '@kyong/contracts';
import { connectRedis, untilReady } from '@kyong/redis';
import { createTestRedis, eventually, startTestRedis } from '@kyong/testing';
import { onTestFinished } from 'vitest';
import { createService, post } from './harness.ts';

async function createQueue() {
  const { endpoint } = await startTestRedis();
  const redis = connectRedis({ nodes: [endpoint], password: endpoint.password }, () => {});
  onTestFinished(() => redis.disconnect());
  await untilReady(redis);
  return redis;
}

/** A gym with a database; `queue` for whatever sends: a queue that no other test meets. */
export async function createGymService({ queue = false } = {}) {
  const tenantId = 'iron-temple';
  const redis = queue ? await createQueue() : createTestRedis('otp');
  const service = await createService({ redis });
  const gym = await service.createGym(tenantId);

  const tokenFor = (role: TenantRole, tenant: string | undefined = tenantId) =>
    service.signingKeys.sign(
      { sub: 'someone', ...(tenant && { tenant }), roles: [role], scope: 'session' },
      3_600,
    );
  const owner = await tokenFor('gym_owner');
  const request = (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    payload?: object,
    token: string = owner,
  ) =>
    service.app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${token}` },
      ...(payload && { payload }),
    });

  const send = async (to: string, changes: object = {}) => {
    const channel = to.startsWith('+') ? 'sms' : 'email';
    const response = await post(service.app, '/api/otp/send', { channel, to, tenantId, ...changes });
    if (response.statusCode !== 202) throw new Error(response.body);
    return response.json<SendOtpResponse>().requestId;
  };
  const messageTo = (to: string) =>
    eventually(async () => {
      const [message] = (await service.app.inject({ url: '/dev/outbox', query: { to } })).json<
        OutboxMessage[]
      >();
      if (!message) throw new Error('nothing has arrived yet');
      return message;
    });
  /** The log once it holds `count` entries of that status. */
  const logOf = (query: string, count: number) =>
    eventually(async () => {
      const response = await request('GET', `/api/otp/log?${query}`);
      const page = response.json<OtpLogPage>();
      if (page.entries?.length !== count) throw new Error(response.body);
      return page;
    });
  return { ...service, redis, gym, tenantId, owner, tokenFor, request, send, messageTo, logOf };
}
