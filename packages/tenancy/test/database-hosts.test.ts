import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresServer } from '@kyong/embedded-servers';
import { expect, it } from 'vitest';
import { localPostgres, tenantServerSettings } from '../src/adapters/local-postgres.ts';
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
    const serverIn = (folder: string) => new PostgresServer(folder, tenantServerSettings);
    return {
      host: world.ports.hosts.dedicated,
      leftovers: ({ tenantId }) => traces(world, tenantId),
      interruptions: {
        [copied]: async ({ instanceId }) => {
          await world.dedicated.prepare();
          await serverIn(join(world.directory, 'tenants', instanceId)).cloneFrom(serverIn(world.prepared));
        },
        [switchedOff]: async (reservation) => {
          await world.dedicated.create(reservation);
          await world.dedicated.stopAll();
        },
      },
    };
  },
);

it('localPostgres starts its prepared server when that has not the newest schema, and only then', async () => {
  const { prepared } = await createWorld();
  const prepare = () =>
    localPostgres({ directory: prepared, prepared, maxServers: 1, settings: tenantServerSettings }).prepare();
  const log = () => readFileSync(join(prepared, 'postgres.log'), 'utf8');
  await prepare();
  const before = log();
  await prepare();
  expect(log()).toBe(before);
  writeFileSync(join(prepared, 'template'), 'template_of_another_version');
  await prepare();
  expect(log().length).toBeGreaterThan(before.length);
  const after = log();
  await prepare();
  expect(log()).toBe(after);
});
