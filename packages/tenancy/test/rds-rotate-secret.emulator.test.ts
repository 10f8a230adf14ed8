import { withConnection } from '@kyong/postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Ports, requestOperation } from '../src/index.ts';
import { internalFailure } from './rds-answers.ts';
import { type RdsWorld, startRdsWorld } from './rds-world.ts';
import { createWorld, dieAt, drive, newTenantId, operator, request } from './support.ts';

let rds: RdsWorld;
beforeAll(async () => {
  rds = await startRdsWorld();
});
afterAll(() => rds?.stop());

it('rotates the secret on RDS, whose master is no superuser and a member of the roles it made', async () => {
  const { ports: local } = await createWorld();
  const ports: Ports = { ...local, hosts: { ...local.hosts, dedicated: rds.host } };
  const tenantId = newTenantId();
  await drive(await request(ports, tenantId, 'basic'), ports);
  const first = await accessOf(ports, tenantId);

  const asked = await requestOperation('rotate-secret', tenantId, {}, operator, ports.store);
  if (asked.outcome !== 'accepted') throw new Error(asked.outcome);
  rds.proxy.inject('DescribeDBInstances', internalFailure, 'cut');
  await dieAt(asked.operationId, ports, { call: 9, when: 'after' });
  await drive(asked.operationId, ports);
  expect((await ports.store.findOperation(asked.operationId))?.status).toBe('succeeded');

  const canRead = (access: typeof first) =>
    withConnection(access, (client) => client.query('SELECT name FROM gym'));
  await canRead(await accessOf(ports, tenantId));
  await expect(canRead(first)).rejects.toMatchObject({ code: '28P01' });

  const { reservation } = (await ports.store.findTenant(tenantId)) ?? {};
  if (!reservation) throw new Error('not provisioned');
  const admin = await rds.host.adminConnection(reservation);
  await ports.database.closeRole(admin, reservation.roleName);
  await expect(canRead(await accessOf(ports, tenantId))).rejects.toThrow(/not permitted/);
  // The master itself is not shut out.
  await withConnection(admin, async () => {});
  await rds.host.destroy(reservation, 'undo');
});

async function accessOf(ports: Ports, tenantId: string) {
  const tenant = await ports.store.findTenant(tenantId);
  if (!tenant?.reservation || !tenant.endpoint) throw new Error('not provisioned');
  const { databaseName: database, roleName: user, secretRef } = tenant.reservation;
  const { ssl } = await rds.host.adminConnection(tenant.reservation);
  const { host, port } = tenant.endpoint;
  const password = await ports.secrets.read(secretRef);
  return { host, port, database, user, password, ...(ssl && { ssl }) };
}
