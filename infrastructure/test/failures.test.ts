import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { describe, expect, it } from 'vitest';
import { describeFailure, failuresOf } from '../lib/failures.ts';

const stack = 'arn:aws:cloudformation:ap-northeast-1:123456789012:stack/kyo-dev-data/1';
const ofStack = (ResourceStatus: string) => ({ StackId: stack, PhysicalResourceId: stack, ResourceStatus });
const failed = (LogicalResourceId: string, ResourceStatusReason: string) => ({
  StackId: stack,
  PhysicalResourceId: '',
  LogicalResourceId,
  ResourceType: 'AWS::ECS::Service',
  ResourceStatus: 'CREATE_FAILED',
  ResourceStatusReason,
});

/** Events as CloudFormation lists them: the newest first. */
async function found(...StackEvents: object[]) {
  const client = Object.assign(new CloudFormationClient({ region: 'ap-northeast-1' }), {
    send: async () => ({ StackEvents }),
  });
  return (await failuresOf('kyo-dev-data', client)).map(describeFailure);
}

describe('a deployment that failed', () => {
  it('says what failed by itself and why, and not what was taken back for it', async () => {
    const said = await found(
      ofStack('ROLLBACK_COMPLETE'),
      ofStack('ROLLBACK_IN_PROGRESS'),
      failed('Cache', 'Resource creation cancelled'),
      failed('Otp', 'Access to KMS is not allowed'),
      ofStack('CREATE_IN_PROGRESS'),
      failed('Of before', 'Something else'),
    );
    expect(said).toEqual([
      expect.stringMatching(
        /^kyo-dev-data: Otp \(AWS::ECS::Service\): Access to KMS is not allowed\n {2}→ .*kms:Decrypt/,
      ),
    ]);
  });

  it('says nothing of a stack whose last deployment went well', async () => {
    expect(await found(ofStack('UPDATE_COMPLETE'), failed('Of before', 'Something'))).toEqual([]);
  });

  it.each([
    [
      "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
      'reservedConcurrency',
    ],
    ['ECS Deployment Circuit Breaker was triggered', 'stoppedReason'],
    [
      'Unable to assume the service linked role. Please verify that the ECS service linked role exists.',
      'deploy again',
    ],
    ['The specified availability zone is not supported by VPC origin', 'kyo -- doctor'],
    ['Unable to create the network interface (Service limit exceeded)', 'Service Quotas'],
  ])('knows what helps against: %s', async (reason, remedy) => {
    const [said] = await found(failed('Thing', reason), ofStack('CREATE_IN_PROGRESS'));
    expect(said).toContain(remedy);
  });

  it('gives no advice where none is known', async () => {
    expect(await found(failed('Thing', 'Something new'), ofStack('CREATE_IN_PROGRESS'))).toEqual([
      'kyo-dev-data: Thing (AWS::ECS::Service): Something new',
    ]);
  });
});
