import { type CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { namePrefixOf } from './names.ts';

export interface BusyServer {
  name: string;
  /** Of its processor, at most, in the last period there is data of. */
  percent: number;
}

/** Servers of all stages of the account: a query compares names for equality alone. It returns 500 at most, the busiest first. */
const query =
  'SELECT MAX(CPUUtilization) FROM SCHEMA("AWS/RDS", DBInstanceIdentifier) GROUP BY DBInstanceIdentifier ORDER BY MAX() DESC LIMIT 500';
const periodSeconds = 300;
/** The newest period may have no data yet. */
const periods = 2;

/** The tenants' server of a stage that has most to do; none where there is none. */
export async function busiestServer(
  client: Pick<CloudWatchClient, 'send'>,
  stage: string,
  now: Date,
): Promise<BusyServer | undefined> {
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({
      MetricDataQueries: [{ Id: 'servers', Expression: query, Period: periodSeconds }],
      StartTime: new Date(now.getTime() - periods * periodSeconds * 1000),
      EndTime: now,
      ScanBy: 'TimestampDescending',
    }),
  );
  const servers = MetricDataResults.flatMap(({ Label = '', Values: [percent] = [] }) =>
    percent !== undefined && Label.startsWith(namePrefixOf(stage)) ? [{ name: Label, percent }] : [],
  );
  return servers.toSorted((a, b) => b.percent - a.percent)[0];
}
