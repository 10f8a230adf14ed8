import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type AwsEmulator, eventually, startAwsEmulator } from '@kyong/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventBridge } from '../src/adapters/eventbridge.ts';
import { createEventOutbox } from '../src/adapters/master-database/index.ts';
import { relayEvents } from '../src/index.ts';
import { createWorld, drive, newTenantId, request } from './support.ts';

let emulator: AwsEmulator;
beforeAll(async () => {
  emulator = await startAwsEmulator();
});
afterAll(() => emulator?.stop());

it('what happened to a tenant arrives behind a rule on the bus', async () => {
  const { url: endpoint, region, credentials } = emulator;
  const [bus, sqs] = [
    new EventBridgeClient({ endpoint, region, credentials }),
    new SQSClient({ endpoint, region, credentials }),
  ];
  const busName = 'kyo-test';
  await bus.send(new CreateEventBusCommand({ Name: busName }));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'provisioned' }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const pattern = { source: ['kyo.tenancy'], 'detail-type': ['TenantProvisioned'] };
  await bus.send(
    new PutRuleCommand({ Name: 'provisioned', EventBusName: busName, EventPattern: JSON.stringify(pattern) }),
  );
  await bus.send(
    new PutTargetsCommand({
      Rule: 'provisioned',
      EventBusName: busName,
      Targets: [{ Id: 'queue', Arn: Attributes?.QueueArn }],
    }),
  );

  const world = await createWorld();
  const tenantId = newTenantId();
  await drive(await request(world.ports, tenantId, 'free'), world.ports);
  const publisher = eventBridge({ client: bus, busName });
  const failures: unknown[] = [];
  const outbox = createEventOutbox(world.pool);
  expect(await relayEvents(outbox, publisher, Math.random, (error) => failures.push(error))).toBe(1);
  expect(failures).toEqual([]);

  await eventually(async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(JSON.parse(Messages[0]?.Body ?? '{}')).toMatchObject({
      source: 'kyo.tenancy',
      'detail-type': 'TenantProvisioned',
      detail: { type: 'TenantProvisioned', tenantId, plan: 'free' },
    });
  });
  bus.destroy();
  sqs.destroy();
});
