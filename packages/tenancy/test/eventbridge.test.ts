import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { TenantEvent } from '@kyong/contracts';
import { type CannedAnswer, startHttpServer } from '@kyong/testing';
import { expect, it } from 'vitest';
import { eventBridge } from '../src/adapters/eventbridge.ts';

const event: TenantEvent = {
  type: 'TenantSuspended',
  eventId: '00000000-0000-4000-8000-000000000001',
  operationId: '00000000-0000-4000-8000-000000000002',
  occurredAt: '2026-01-01T00:00:00.000Z',
  tenantId: 'iron-temple',
  plan: 'free',
};

async function publisher(answer: CannedAnswer) {
  const { url, requests } = await startHttpServer(() => ({
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    ...answer,
  }));
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' };
  const client = new EventBridgeClient({
    endpoint: url,
    region: 'ap-northeast-1',
    credentials,
    maxAttempts: 1,
  });
  return { publish: eventBridge({ client, busName: 'kyo' }).publish, requests };
}

it('an event is an entry of its type', async () => {
  const { publish, requests } = await publisher({
    body: { FailedEntryCount: 0, Entries: [{ EventId: '1' }] },
  });
  await publish(event);
  expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({
    Entries: [{ EventBusName: 'kyo', Source: 'kyo.tenancy', DetailType: 'TenantSuspended' }],
  });
});

it.each([
  [
    'an entry that was refused',
    { FailedEntryCount: 1, Entries: [{ ErrorCode: 'ThrottlingException' }] },
    /Throttling/,
  ],
  ['an answer without the entry', { FailedEntryCount: 0, Entries: [] }, /no answer/],
])('%s was not taken over, though the call succeeded', async (_, body, reason) => {
  const { publish } = await publisher({ body });
  await expect(publish(event)).rejects.toThrow(reason);
});
