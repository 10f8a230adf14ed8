import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import type * as rds from 'aws-cdk-lib/aws-rds';
import type { DatabaseSize, Stage } from '../../../config/index.ts';
import { type Alarms, fiveMinutes } from '../alarms.ts';
import { maxConnections } from '../instance-memory.ts';
import { graph } from './graphs.ts';

/**
 * Autoscaling adds storage when a tenth of it is free, five minutes long, unless it did within six hours or is at its
 * maximum (Amazon RDS User Guide, storage autoscaling). At a twentieth of the first size, which is never more than that of a
 * later one, it has not helped.
 */
const freeShareOfFirstSize = 1 / 20;

/** A server of the platform's own. */
export function monitorDatabase(
  alarms: Alarms,
  name: string,
  instance: rds.DatabaseInstance,
  size: DatabaseSize,
  /** All that its clients may have together. */
  mostConnections = maxConnections(size.instanceType),
): cloudwatch.IWidget[] {
  const options = { period: fiveMinutes };
  const connections = instance.metricDatabaseConnections({ ...options, statistic: 'Maximum' });
  const cpu = instance.metricCPUUtilization(options);
  const free = instance.metricFreeStorageSpace({ ...options, statistic: 'Minimum' });
  alarms.add(`${name}-connections`, {
    runbook: 'database-connections',
    problem: `${name}: more than 80 % of ${mostConnections} connections in use`,
    metric: connections,
    threshold: Math.floor(mostConnections * 0.8),
    periods: 3,
  });
  alarms.add(`${name}-cpu`, {
    runbook: 'database-cpu',
    problem: `${name}: more than 80 % of its processor in use, or it is away`,
    metric: cpu,
    threshold: 80,
    periods: 3,
    // A server that runs reports every minute.
    noDataIsAFault: true,
  });
  alarms.add(`${name}-storage`, {
    runbook: 'database-storage',
    problem: `${name}: its storage fills faster than RDS adds to it, or RDS adds no more`,
    metric: free,
    threshold: Math.floor(size.storageGibibytes * 2 ** 30 * freeShareOfFirstSize),
    below: true,
    periods: 1,
  });
  return [
    graph(`${name}: connections`, [connections]),
    graph(`${name}: processor, %`, [cpu]),
    graph(`${name}: free storage, bytes`, [free]),
  ];
}

/** What RDS says of a server that a person has to look after (Amazon RDS User Guide, event categories and messages). */
const troubles = {
  failed: ['RDS-EVENT-0031', 'RDS-EVENT-0035', 'RDS-EVENT-0036'],
  stopped: ['RDS-EVENT-0087'],
  storageFull: ['RDS-EVENT-0007', 'RDS-EVENT-0221', 'RDS-EVENT-0222'],
  /** It cannot, not that it did: with 80 % of the maximum reached, the maximum itself, the account's quota. */
  storageNotAdded: ['RDS-EVENT-0223', 'RDS-EVENT-0224', 'RDS-EVENT-0225', 'RDS-EVENT-0254'],
};

/** Every server of the stage by its name, the tenants' too, which are made while it runs. */
export function announceDatabaseTrouble(alarms: Alarms, stage: Stage): void {
  alarms.addEvent('DatabaseTrouble', {
    runbook: 'database-trouble',
    problem: 'A database server has failed, stopped, or gets no more storage',
    pattern: {
      source: ['aws.rds'],
      detailType: ['RDS DB Instance Event'],
      detail: {
        SourceIdentifier: events.Match.prefix(`kyo-${stage.name}-`),
        EventID: Object.values(troubles).flat(),
      },
    },
    quote: ['$.detail.SourceIdentifier', '$.detail.Message'],
  });
}
