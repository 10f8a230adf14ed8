import { join } from 'node:path';
import { PostgresServer } from '@kyong/embedded-servers';
import { tenantServerSettings } from '../src/adapters/local-postgres.ts';
import { describeDatabaseHost } from './database-host.contract.ts';
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
