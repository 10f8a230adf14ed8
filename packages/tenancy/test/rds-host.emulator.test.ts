import { afterAll, beforeAll } from 'vitest';
import { describeDatabaseHost } from './database-host.contract.ts';
import { type RdsWorld, startRdsWorld } from './rds-world.ts';

let rds: RdsWorld;
beforeAll(async () => {
  rds = await startRdsWorld();
});
afterAll(() => rds?.stop());

const beforeTheCall = 'ended before RDS heard of it';
const replyLost = 'ended before RDS could answer';

describeDatabaseHost(
  'Amazon RDS',
  'dedicated',
  { interruptions: [beforeTheCall, replyLost], othersLiveHere: true },
  async () => {
    // A process that dies: its call is not repeated.
    const dying = rds.hostWith({}, 1);
    return {
      host: rds.host,
      leftovers: rds.leftovers,
      occupy: rds.occupy,
      interruptions: {
        [beforeTheCall]: async (reservation) => {
          rds.proxy.inject('CreateDBInstance', 'cut');
          rds.proxy.inject('DescribeDBInstances', 'cut');
          await dying.create(reservation).catch(() => {});
        },
        [replyLost]: async (reservation) => {
          rds.proxy.inject('CreateDBInstance', 'lost-reply');
          rds.proxy.inject('DescribeDBInstances', 'cut');
          await dying.create(reservation).catch(() => {});
        },
      },
    };
  },
);
