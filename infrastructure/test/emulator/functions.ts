import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { EmulatedCloud } from './deployment.ts';

/** Runs the sweep once, as EventBridge does every minute. @throws {Error} with what it threw. */
export async function sweep(cloud: EmulatedCloud): Promise<void> {
  const { emulator, region } = cloud;
  const client = { endpoint: emulator.url, region, credentials: emulator.credentials };
  const { FunctionError, Payload } = await new LambdaClient(client).send(
    new InvokeCommand({ FunctionName: await sweepFunction(new CloudFormationClient(client)) }),
  );
  if (FunctionError) throw new Error(Buffer.from(Payload ?? []).toString());
}

async function sweepFunction(client: CloudFormationClient): Promise<string> {
  const pages = paginateListStackResources({ client }, { StackName: 'kyo-dev-provisioning' });
  for await (const { StackResourceSummaries = [] } of pages)
    for (const { LogicalResourceId = '', ResourceType, PhysicalResourceId } of StackResourceSummaries)
      if (ResourceType === 'AWS::Lambda::Function' && LogicalResourceId.startsWith('FunctionsSweep'))
        return PhysicalResourceId ?? '';
  throw new Error('The provisioning stack has no function that sweeps.');
}
