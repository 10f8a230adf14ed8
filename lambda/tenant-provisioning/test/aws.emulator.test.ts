import { randomUUID } from 'node:crypto';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateStateMachineCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { eventBridge } from '@kyong/tenancy/adapters/eventbridge';
import { type AwsEmulator, startAwsEmulator, startHttpServer } from '@kyong/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stateMachine } from '../src/state-machine.ts';

let emulator: AwsEmulator;
beforeAll(async () => {
  emulator = await startAwsEmulator();
}, 120_000);
afterAll(() => emulator?.stop());

const clientOptions = () => ({
  endpoint: emulator.url,
  region: emulator.region,
  credentials: emulator.credentials,
});

it('starts one driver for an operation, however often it is asked', async () => {
  const client = new SFNClient(clientOptions());
  const { stateMachineArn = '' } = await client.send(
    new CreateStateMachineCommand({
      name: 'operations',
      roleArn: `arn:aws:iam::${emulator.accountId}:role/operations`,
      definition: JSON.stringify({
        StartAt: 'Wait',
        States: { Wait: { Type: 'Wait', Seconds: 60, End: true } },
      }),
    }),
  );
  const start = stateMachine(stateMachineArn, client);
  const operationId = randomUUID();
  await Promise.all(Array.from({ length: 10 }, () => start({ operationId })));
  await start({ operationId }, `${operationId}-5`);
  const { executions = [] } = await client.send(new ListExecutionsCommand({ stateMachineArn }));
  expect(executions.map(({ name }) => name).sort()).toEqual([operationId, `${operationId}-5`]);
});

const event = {
  type: 'TenantResumed',
  eventId: randomUUID(),
  occurredAt: new Date().toISOString(),
  tenantId: 'gym',
  operationId: randomUUID(),
  plan: 'free',
} as const;

it('puts events on a bus', async () => {
  const client = new EventBridgeClient(clientOptions());
  await eventBridge({ busName: 'default', client }).publish(event);
});

it('says so when EventBridge refuses an event, for the call itself succeeds', async () => {
  const answer = { FailedEntryCount: 1, Entries: [{ ErrorCode: 'ThrottlingException' }] };
  const { url } = await startHttpServer(() => ({ body: answer }));
  const client = new EventBridgeClient({ ...clientOptions(), endpoint: url });
  await expect(eventBridge({ busName: 'default', client }).publish(event)).rejects.toThrow(
    'ThrottlingException',
  );
});
