import { BackupClient } from '@aws-sdk/client-backup';
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { stageOf } from '../config/index.ts';
import { deleteStacks } from '../lib/delete-stacks.ts';

/** Stacks of one region, each with how often its deletion fails, oldest first. */
function account(stacks: Record<string, { failures: number; status?: string }>) {
  const deleted: string[] = [];
  const left = new Map(Object.entries(stacks));
  const send = async (command: object) => {
    if (command instanceof DeleteStackCommand) {
      const { StackName = '' } = command.input;
      deleted.push(StackName);
      const stack = left.get(StackName);
      if (stack && stack.failures-- > 0) stack.status = 'DELETE_FAILED';
      else left.delete(StackName);
    }
    if (command instanceof DescribeStacksCommand) {
      const { StackName } = command.input;
      if (StackName !== undefined && !left.has(StackName))
        throw Object.assign(new Error(`Stack with id ${StackName} does not exist`), {
          name: 'ValidationError',
        });
      const names = [...left.keys()].filter((name) => StackName === undefined || name === StackName);
      const order = Object.keys(stacks);
      return {
        Stacks: names.map((name) => ({
          StackName: name,
          StackStatus: left.get(name)?.status ?? 'CREATE_COMPLETE',
          CreationTime: new Date(order.indexOf(name)),
        })),
      };
    }
    if (command instanceof DescribeStackEventsCommand)
      return {
        StackEvents: [
          {
            StackId: 'arn:aws:cloudformation:ap-northeast-1:123456789012:stack/kyo-dev-data/1',
            LogicalResourceId: 'AccessLogs',
            ResourceType: 'AWS::S3::Bucket',
            ResourceStatus: 'DELETE_FAILED',
            ResourceStatusReason: 'The bucket you tried to delete is not empty',
          },
        ],
      };
    return { StackResourceSummaries: [] };
  };
  const none = Object.assign(new CloudFormationClient({ region: 'us-east-1' }), {
    send: async () => ({ Stacks: [] }),
  });
  const here = Object.assign(new CloudFormationClient({ region: 'ap-northeast-1' }), { send });
  const clientsIn = (region: string) => ({
    cloudFormation: region === 'ap-northeast-1' ? here : none,
    s3: new S3Client({ region }),
    backup: new BackupClient({ region }),
  });
  return { deleted, clientsIn };
}

it('deletes the newest stack first, and none of another stage', async () => {
  const { deleted, clientsIn } = account({
    'kyo-dev-network': { failures: 0 },
    'kyo-prod-network': { failures: 0 },
    'kyo-dev-data': { failures: 0 },
    'kyo-dev-edge': { failures: 0 },
  });
  await deleteStacks(stageOf('dev'), clientsIn, () => {});
  expect(deleted).toEqual(['kyo-dev-edge', 'kyo-dev-data', 'kyo-dev-network']);
});

it('tries a stack again whose bucket was written to while it went', async () => {
  const { deleted, clientsIn } = account({
    'kyo-dev-network': { failures: 0 },
    'kyo-dev-data': { failures: 2 },
  });
  const said: string[] = [];
  await deleteStacks(stageOf('dev'), clientsIn, (line) => void said.push(line));
  expect(deleted.filter((name) => name === 'kyo-dev-data')).toHaveLength(3);
  expect(said).toContain('Not deleted yet: kyo-dev-data');
});

it('says what stays and why when it stays', async () => {
  const { clientsIn } = account({ 'kyo-dev-data': { failures: 9 } });
  await expect(deleteStacks(stageOf('dev'), clientsIn, () => {})).rejects.toThrow(
    'kyo-dev-data: AccessLogs (AWS::S3::Bucket): The bucket you tried to delete is not empty',
  );
});
