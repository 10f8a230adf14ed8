import { expect, it } from 'vitest';
import { findDrift, type Tenant } from '../src/index.ts';
import { begin, createFleet, migrateAll, newVersion, query } from './fleet-support.ts';
import { newestVersion } from './support.ts';

it('tells how each database differs from what its version should be', async () => {
  const fleet = await createFleet(3);
  const [untouched = '', changed = '', gone = ''] = fleet.tenantIds;
  await query(
    fleet,
    changed,
    'ALTER TABLE gym ALTER name DROP NOT NULL, DROP locale; CREATE TABLE notes (text text)',
  );
  const drift = async () => {
    const tenants = await Promise.all(fleet.tenantIds.map((id) => fleet.ports.store.findTenant(id)));
    return findDrift(
      tenants.filter((tenant): tenant is Tenant => tenant !== undefined),
      fleet.migration,
    );
  };
  await migrateAll(fleet, await begin(fleet, { canaries: [untouched] }));
  await fleet.ports.hosts.shared.destroy(
    (await fleet.ports.store.findTenant(gone))?.reservation ?? expect.fail(),
    'undo',
  );
  expect(await drift()).toEqual([
    { tenantId: untouched, version: newVersion, differences: [] },
    {
      tenantId: changed,
      version: newVersion,
      differences: [
        {
          difference: 'missing',
          kind: 'column',
          name: 'gym.locale',
          expected: expect.stringContaining("'zh-TW'"),
        },
        {
          difference: 'changed',
          kind: 'column',
          name: 'gym.name',
          expected: 'text NOT NULL',
          actual: 'text',
        },
        { difference: 'unexpected', kind: 'column', name: 'notes.text', actual: 'text' },
        { difference: 'unexpected', kind: 'table', name: 'notes', actual: '' },
      ],
    },
    { tenantId: gone, version: null, differences: [], error: 'Its database does not answer.' },
  ]);
});

it('compares a tenant of an older version with that version', async () => {
  const fleet = await createFleet(1);
  const tenant = await fleet.ports.store.findTenant(fleet.tenantIds[0] ?? '');
  expect(await findDrift([tenant ?? expect.fail()], fleet.migration)).toMatchObject([
    { version: newestVersion, differences: [] },
  ]);
});
