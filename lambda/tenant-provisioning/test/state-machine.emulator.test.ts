import { randomUUID } from 'node:crypto';
import { CreateStateMachineCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { type AwsEmulator, startAwsEmulator } from '@kyong/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stateMachine } from '../src/state-machine.ts';

let emulator: AwsEmulator;
beforeAll(async () => {
  emulator = await startAwsEmulator();
});
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
