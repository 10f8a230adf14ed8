import {
  BackupClient,
  DeleteRecoveryPointCommand,
  ListRecoveryPointsByBackupVaultCommand,
} from '@aws-sdk/client-backup';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { stageOf } from '../config/index.ts';
import { type AccountClients, removeLeftovers } from '../lib/leftovers/index.ts';
import { emptyContainers } from '../lib/leftovers/stack-contents.ts';

it('takes nothing away from a stage that keeps its data', async () => {
  // Nobody is even asked: there are no clients.
  await expect(removeLeftovers(stageOf('prod'), {} as AccountClients)).rejects.toThrow('keeps its data');
});

it('empties a vault, and answers when its backups are gone', async () => {
  const region = stageOf('dev').region;
  const resources = [{ ResourceType: 'AWS::Backup::BackupVault', PhysicalResourceId: 'vault' }];
  const cloudFormation = Object.assign(new CloudFormationClient({ region }), {
    send: async () => ({ StackResourceSummaries: resources }),
  });
  // The emulator keeps no backups. A deleted one is listed until AWS Backup has done it.
  const backups = new Map([
    ['arn:1', { listings: 1 }],
    ['arn:2', { listings: 2 }],
  ]);
  const deleted: (string | undefined)[] = [];
  const backup = Object.assign(new BackupClient({ region }), {
    send: async (command: object) => {
      if (command instanceof DeleteRecoveryPointCommand) deleted.push(command.input.RecoveryPointArn);
      if (!(command instanceof ListRecoveryPointsByBackupVaultCommand)) return {};
      const there = [...backups].filter(([, each]) => each.listings-- > 0);
      return { RecoveryPoints: there.map(([RecoveryPointArn]) => ({ RecoveryPointArn })) };
    },
  });
  const clients = { cloudFormation, backup, s3: new S3Client({ region }) };
  expect(await emptyContainers('kyo-dev-recovery', clients)).toEqual(['2 backups of vault']);
  expect(deleted).toEqual(['arn:1', 'arn:2']);
});
