import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withConnection } from '@kyong/postgres';
import { expect, it } from 'vitest';
import { findDifferences, type Ports, removeOrphans } from '../src/index.ts';
import { createWorld, drive, newTenantId, request, type World } from './support.ts';

/** The shared server is the whole run's: only these tenants count. */
async function differencesOf({ ports }: World, ...tenantIds: string[]) {
  const found = await findDifferences(ports);
  return found.filter(({ tenantId }) => tenantIds.includes(tenantId));
}
const brief = (list: { problem: string; kind: string }[]) =>
  list.map(({ problem, kind }) => `${problem} ${kind}`).sort();

async function provisioned({ ports }: World, plan: 'free' | 'basic') {
  const tenantId = newTenantId();
  await drive(await request(ports, tenantId, plan), ports);
  return tenantId;
}

it('finds nothing where all is well, and says nothing about what is being done', async () => {
  const world = await createWorld();
  const tenants = [await provisioned(world, 'free'), await provisioned(world, 'basic')];
  expect(await differencesOf(world, ...tenants)).toEqual([]);
  const half = newTenantId();
  const operationId = await request(world.ports, half, 'free');
  const stuck: Ports = {
    ...world.ports,
    database: { ...world.ports.database, seed: () => Promise.reject(new Error('away')) },
  };
  await drive(operationId, stuck, {
    owner: 'test',
    leaseSeconds: 30,
    onStepError: () => {},
    retry: { attempts: 1e9, undoAttempts: 1, baseSeconds: 0, maxSeconds: 0 },
  }).catch(() => {});
  expect(await differencesOf(world, half)).toEqual([]);
});

it('finds what belongs to nothing, and removes it; what is missing it names', async () => {
  const world = await createWorld();
  const [shared, dedicated] = [await provisioned(world, 'free'), await provisioned(world, 'basic')];
  const gone = newTenantId();
  await withConnection(world.shared, async (client) => {
    await client.query(`CREATE DATABASE tenant_${gone}`);
    await client.query(`CREATE ROLE tenant_${gone}_app LOGIN`);
    await client.query(`GRANT CONNECT ON DATABASE tenant_${gone} TO tenant_${gone}_app`);
    await client.query(`CREATE ROLE tenant_${shared}_app__2 LOGIN`);
  });
  const { ports, directory } = world;
  await ports.secrets.ensure(`tenants/${gone}/database`);
  await ports.archives.save(`${gone}/old.tar`, async (output) => void output.end('old'));
  mkdirSync(join(directory, 'tenants', `kyo-${gone}.deleted-0123`));
  writeFileSync(join(directory, 'tenants', `kyo-${gone}.deleted-0123`, 'file'), '');
  await ports.secrets.delete(`tenants/${dedicated}/database`);

  const found = await differencesOf(world, shared, dedicated, gone);
  expect(brief(found)).toEqual([
    'missing secret',
    'orphan archive',
    'orphan database',
    'orphan leftover-files',
    'orphan role',
    'orphan role',
    'orphan secret',
  ]);
  expect((await removeOrphans(found, ports)).failed).toEqual([]);
  expect(brief(await differencesOf(world, shared, dedicated, gone))).toEqual(['missing secret']);
});

it('removes nothing of a tenant that something is done to meanwhile, nor what is needed by now', async () => {
  const world = await createWorld();
  const { ports } = world;
  const tenantId = newTenantId();
  const found = [
    { problem: 'orphan', kind: 'database', name: `shared-1/tenant_${tenantId}`, tenantId },
  ] as const;
  const operationId = await request(ports, tenantId, 'free');
  expect((await removeOrphans([...found], ports)).failed).toHaveLength(1);
  await drive(operationId, ports);
  expect(await removeOrphans([...found], ports)).toEqual({ removed: [], failed: [] });
  expect(await differencesOf(world, tenantId)).toEqual([]);
});
