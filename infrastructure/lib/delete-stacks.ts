import {
  type CloudFormationClient,
  DeleteStackCommand,
  paginateDescribeStacks,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import type { Stage } from '../config/index.ts';
import { regionsOf } from './constructs/names.ts';
import { describeFailure, failuresOf } from './failures.ts';
import { type ContainerClients, emptyContainers } from './leftovers/stack-contents.ts';

/** The longest is a function in the VPC: Lambda takes up to 40 minutes to give its network interfaces back. */
const deletion = { maxWaitTime: 60 * 60, minDelay: 1, maxDelay: 20 };
/**
 * Load balancers and S3 write their access logs up to an hour late, into a bucket that was just emptied, and an interface that
 * is being given back keeps its subnet: what fails is tried again.
 */
const rounds = 3;

interface StackToDelete {
  StackName: string;
  region: string;
  createdAt: number;
}

/**
 * Deletes every stack of a stage, those that were made last first: they use what was made before. Each one's buckets and
 * vaults are emptied right before. @throws {Error} that says what stays, and why.
 */
export async function deleteStacks(
  stage: Stage,
  clientsIn: (region: string) => ContainerClients,
  say: (line: string) => void,
): Promise<void> {
  const failed = new Map<string, string>();
  for (let round = 1; round <= rounds; round += 1) {
    const stacks = await stacksOf(stage, (region) => clientsIn(region).cloudFormation);
    if (stacks.length === 0) return;
    failed.clear();
    for (const stack of stacks) {
      const startedAt = Date.now();
      const reason = await deleteStack(stack, clientsIn(stack.region), say);
      const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
      if (reason === undefined) say(`Deleted ${stack.StackName} (${minutes} min)`);
      else failed.set(stack.StackName, reason);
    }
    if (failed.size > 0) say(`Not deleted yet: ${[...failed.keys()].join(', ')}`);
  }
  if (failed.size > 0) throw new Error([...failed.values()].join('\n'));
}

async function stacksOf(
  stage: Stage,
  clientIn: (region: string) => CloudFormationClient,
): Promise<StackToDelete[]> {
  const found: StackToDelete[] = [];
  for (const region of regionsOf(stage))
    for await (const { Stacks = [] } of paginateDescribeStacks({ client: clientIn(region) }, {}))
      for (const { StackName = '', CreationTime } of Stacks)
        if (StackName.startsWith(`kyo-${stage.name}-`))
          found.push({ StackName, region, createdAt: CreationTime?.getTime() ?? 0 });
  return found.sort((a, b) => b.createdAt - a.createdAt);
}

/** Answers with why it is still there, if it is. */
async function deleteStack(
  { StackName }: StackToDelete,
  clients: ContainerClients,
  say: (line: string) => void,
): Promise<string | undefined> {
  const client = clients.cloudFormation;
  for (const what of await emptyContainers(StackName, clients)) say(`Deleted ${what}`);
  await client.send(new DeleteStackCommand({ StackName }));
  try {
    await waitUntilStackDeleteComplete({ client, ...deletion }, { StackName });
    return undefined;
  } catch (error) {
    const failures = await failuresOf(StackName, client);
    return failures.map(describeFailure).join('\n') || `${StackName}: ${(error as Error).name}`;
  }
}
