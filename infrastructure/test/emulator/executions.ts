import { randomUUID } from 'node:crypto';
import {
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { EmulatedCloud } from './deployment.ts';

/** Ends the execution that drives an operation, as an outage would. */
export async function stopDriver(cloud: EmulatedCloud, operationId: string): Promise<void> {
  const { client, stateMachineArn } = await machineOf(cloud);
  const executionArn = `${stateMachineArn?.replace(':stateMachine:', ':execution:')}:${operationId}`;
  await client.send(new StopExecutionCommand({ executionArn }));
}

/** Has the warm pool looked after once, as the sweep does. */
export async function startPoolPass(cloud: EmulatedCloud): Promise<void> {
  const { client, stateMachineArn } = await machineOf(cloud);
  const name = `warm-pool-${randomUUID()}`;
  await client.send(new StartExecutionCommand({ stateMachineArn, name, input: '{"pool":"warm"}' }));
}

async function machineOf({ emulator, region }: EmulatedCloud) {
  const client = new SFNClient({ endpoint: emulator.url, region, credentials: emulator.credentials });
  const { stateMachines = [] } = await client.send(new ListStateMachinesCommand({}));
  return { client, stateMachineArn: stateMachines[0]?.stateMachineArn };
}
