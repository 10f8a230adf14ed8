import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { EmulatedCloud } from './deployment.ts';

/** Says on the account's bus what RDS says there when an instance was created (Amazon RDS User Guide, RDS-EVENT-0005). */
export async function announceInstanceEvent(
  { emulator, region }: EmulatedCloud,
  instanceId: string,
): Promise<void> {
  const client = new EventBridgeClient({ endpoint: emulator.url, region, credentials: emulator.credentials });
  const detail = {
    EventCategories: ['creation'],
    SourceType: 'DB_INSTANCE',
    SourceArn: `arn:aws:rds:${region}:${emulator.accountId}:db:${instanceId}`,
    Date: new Date().toISOString(),
    Message: 'DB instance created',
    SourceIdentifier: instanceId,
    EventID: 'RDS-EVENT-0005',
  };
  await client.send(
    new PutEventsCommand({
      Entries: [{ Source: 'aws.rds', DetailType: 'RDS DB Instance Event', Detail: JSON.stringify(detail) }],
    }),
  );
}
