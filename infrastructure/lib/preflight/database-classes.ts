import { paginateDescribeOrderableDBInstanceOptions } from '@aws-sdk/client-rds';
import { type Check, ok } from './check.ts';

/** Whether RDS sells the servers' size in the zones of the stage. */
export const databaseClassCheck: Check = {
  name: 'database servers',
  async look({ stage, clients }) {
    const classes = [
      ...new Set([stage.masterDatabase, stage.sharedDatabase].map((size) => `db.${size.instanceType}`)),
    ];
    const zones = await Promise.all(
      classes.map(async (DBInstanceClass) => {
        const sold = new Set<string | undefined>();
        const pages = paginateDescribeOrderableDBInstanceOptions(
          { client: clients.rds },
          { Engine: 'postgres', DBInstanceClass, Vpc: true },
        );
        for await (const { OrderableDBInstanceOptions = [] } of pages)
          for (const { AvailabilityZones = [] } of OrderableDBInstanceOptions)
            for (const { Name } of AvailabilityZones) sold.add(Name);
        return { DBInstanceClass, sold: stage.availabilityZones.filter((zone) => sold.has(zone)) };
      }),
    );
    // A subnet group spans the zones; RDS takes those that have the size, and Multi-AZ takes two.
    const wanted = stage.masterDatabase.multiAz || stage.sharedDatabase.multiAz ? 2 : 1;
    const missing = zones.filter(({ sold }) => sold.length < wanted);
    if (missing.length === 0) return ok(`${classes.join(', ')} in these zones`);
    return missing.map(({ DBInstanceClass, sold }) => ({
      level: 'error',
      detail: `${DBInstanceClass} is sold in ${sold.length} of the stage's zones, and ${wanted} are needed`,
      remedy: `Choose another instanceType, or other zones, in infrastructure/config/${stage.name}.ts.`,
    }));
  },
};
