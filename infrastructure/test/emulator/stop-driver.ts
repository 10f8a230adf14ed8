import { ListStateMachinesCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { EmulatedCloud } from './deployment.ts';

/** Ends the execution that drives an operation, as an outage would. */
export async function stopDriver({ emulator, region }: EmulatedCloud, operationId: string): Promise<void> {
  const client = new SFNClient({ endpoint: emulator.url, region, credentials: emulator.credentials });
  const { stateMachines = [] } = await client.send(new ListStateMachinesCommand({}));
  const [machine] = stateMachines;
  const executionArn = `${machine?.stateMachineArn?.replace(':stateMachine:', ':execution:')}:${operationId}`;
  await client.send(new StopExecutionCommand({ executionArn }));
}
