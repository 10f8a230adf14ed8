import { join } from 'node:path';
import { PostgresServer } from '@kyong/embedded-servers';
import { afterAll, beforeAll } from 'vitest';
import { tenantServerSettings } from '../src/adapters/local-postgres.ts';
import { describeDatabaseHost } from './database-host.contract.ts';
import { type RdsWorld, startRdsWorld } from './rds-world.ts';
import { createWorld, traces } from './support.ts';

describeDatabaseHost(
  'the shared server',
  'shared',
  { interruptions: [], othersLiveHere: false },
  async () => {
    const world = await createWorld();
    return {
      host: world.ports.hosts.shared,
      leftovers: ({ tenantId }) => traces(world, tenantId),
      interruptions: {},
    };
  },
);

const copied = 'ended after the server was copied';
const switchedOff = 'ended with the machine switched off';

describeDatabaseHost(
  "the laptop's servers",
  'dedicated',
  { interruptions: [copied, switchedOff], othersLiveHere: false },
  async () => {
    const world = await createWorld();
    const serverIn = (...path: string[]) =>
      new PostgresServer(join(world.directory, ...path), tenantServerSettings);
    return {
      host: world.ports.hosts.dedicated,
      leftovers: ({ tenantId }) => traces(world, tenantId),
      interruptions: {
        [copied]: async ({ instanceId }) => {
          await world.dedicated.prepare();
          await serverIn('tenants', instanceId).cloneFrom(serverIn('prepared'));
        },
        [switchedOff]: async (reservation) => {
          await world.dedicated.create(reservation);
          await world.dedicated.stopAll();
        },
      },
    };
  },
);

let rds: RdsWorld;
beforeAll(async () => {
  rds = await startRdsWorld();
}, 180_000);
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
