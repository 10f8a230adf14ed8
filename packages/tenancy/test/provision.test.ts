import { type Connection, withConnection } from '@kyong/postgres';
import { describe, expect, it } from 'vitest';
import { advance, OperationRefused, type Tenant } from '../src/index.ts';
import {
  createWorld,
  drive,
  driver,
  newestVersion,
  newTenantId,
  planOf,
  request,
  traces,
  type World,
} from './support.ts';

describe.each(['shared', 'dedicated'] as const)('provisioning a %s tenant', (placement) => {
  it('gives it a database that its own role reaches, and no other', async () => {
    const world = await createWorld();
    const [tenantId, neighbourId] = [newTenantId(), newTenantId()];
    for (const id of [tenantId, neighbourId]) {
      await drive(await request(world.ports, id, planOf[placement]), world.ports);
    }
    const tenant = await activeTenant(world, tenantId);
    const neighbour = await activeTenant(world, neighbourId);
    const access = await appConnection(world, tenant);

    const gym = await withConnection(access, (client) => client.query('SELECT tenant_id FROM gym'));
    expect(gym.rows).toEqual([{ tenant_id: tenantId }]);
    expect(tenant.schemaVersion).toBe(newestVersion);

    // Its own role on the neighbour's database, and on the server's own ones.
    const elsewhere = { ...access, port: neighbour.endpoint?.port ?? 0 };
    for (const database of [neighbour.reservation?.databaseName ?? '', 'postgres', 'template1']) {
      await expect(withConnection({ ...elsewhere, database }, async () => {})).rejects.toThrow();
      await expect(withConnection({ ...access, database }, async () => {})).rejects.toThrow();
    }
    // Rows, not the schema.
    for (const statement of ['CREATE TABLE x ()', 'DROP TABLE gym', 'DELETE FROM schema_migrations']) {
      await expect(withConnection(access, (client) => client.query(statement))).rejects.toMatchObject({
        code: '42501',
      });
    }
  });

  it('shows its steps with their times', async () => {
    const { ports } = await createWorld();
    const operationId = await request(ports, newTenantId(), planOf[placement]);
    await advance(operationId, ports, driver);
    const halfWay = await ports.store.findOperation(operationId);
    expect(halfWay?.status).toBe('running');
    expect(halfWay?.steps.map((step) => step.status)).toEqual(['succeeded', ...Array(8).fill('pending')]);

    await drive(operationId, ports);
    const operation = await ports.store.findOperation(operationId);
    expect(operation?.status).toBe('succeeded');
    expect(operation?.steps.map((step) => step.name)).toEqual([
      'reserve',
      'check-quota',
      'create-database',
      'wait-until-available',
      'create-app-role',
      'migrate',
      'seed',
      'activate',
      'announce',
    ]);
    for (const step of operation?.steps ?? []) {
      expect(step.startedAt?.getTime()).toBeLessThanOrEqual(step.finishedAt?.getTime() ?? 0);
    }
  });

  it('makes the person who asked its owner, and announces it once', async () => {
    const { ports, pool } = await createWorld();
    const tenantId = newTenantId();
    const { rows } = await pool.query<{ id: string }>('INSERT INTO users DEFAULT VALUES RETURNING id');
    const userId = rows[0]?.id ?? '';
    await drive(
      await request(ports, tenantId, planOf[placement], {
        id: userId,
        isOperator: false,
        sourceIp: '203.0.113.7',
      }),
      ports,
    );

    const memberships = await pool.query('SELECT user_id, tenant_id, role FROM memberships');
    expect(memberships.rows).toEqual([{ user_id: userId, tenant_id: tenantId, role: 'gym_owner' }]);
    const events = await pool.query('SELECT type, tenant_id FROM outbox');
    expect(events.rows).toEqual([{ type: 'TenantProvisioned', tenant_id: tenantId }]);
  });

  it('retries a step that fails, up to its bound, then undoes everything and says why', async () => {
    const world = await createWorld();
    const tenantId = newTenantId();
    const operationId = await request(world.ports, tenantId, planOf[placement]);
    let tries = 0;
    const migrate = async () => {
      tries += 1;
      throw new Error('password=hunter2 at db.internal');
    };
    await drive(operationId, { ...world.ports, database: { ...world.ports.database, migrate } });

    expect(tries).toBe(driver.retry.attempts);
    const operation = await world.ports.store.findOperation(operationId);
    expect(operation).toMatchObject({
      status: 'compensated',
      error: 'The step migrate failed for a technical reason.',
    });
    expect(JSON.stringify(operation)).not.toContain('hunter2');
    expect((await world.ports.store.findTenant(tenantId))?.status).toBe('failed');
    expect(await traces(world, tenantId)).toEqual([]);
    expect((await world.pool.query('SELECT type FROM outbox')).rows).toEqual([
      { type: 'TenantProvisioningFailed' },
    ]);

    // The name is free again.
    await drive(await request(world.ports, tenantId, planOf[placement]), world.ports);
    expect((await world.ports.store.findTenant(tenantId))?.status).toBe('active');
  });

  it('refuses at once, with the remedy, when there is no room', async () => {
    const world = await createWorld({ maxServers: 0, maxDatabases: 0 });
    const tenantId = newTenantId();
    const operationId = await request(world.ports, tenantId, planOf[placement]);
    await drive(operationId, world.ports);
    const operation = await world.ports.store.findOperation(operationId);
    expect(operation?.status).toBe('compensated');
    expect(operation?.steps.find((step) => step.name === 'check-quota')?.attempts).toBe(1);
    expect(operation?.error).toMatch(/operator|offboard/);
    expect(await traces(world, tenantId)).toEqual([]);
  });
});

it('leaves what cannot be undone to the operator, in plain sight', async () => {
  const world = await createWorld();
  const operationId = await request(world.ports, newTenantId(), 'free');
  const shared = {
    ...world.ports.hosts.shared,
    describe: async () => {
      throw new OperationRefused('no');
    },
    destroy: async () => {
      throw new Error('still in use');
    },
  };
  await drive(operationId, { ...world.ports, hosts: { ...world.ports.hosts, shared } });
  const operation = await world.ports.store.findOperation(operationId);
  expect(operation?.status).toBe('failed');
  expect(operation?.steps.find((step) => step.name === 'create-database')?.detail).toMatch(
    /Could not be undone/,
  );
  expect((await world.ports.store.findTenant(operation?.tenantId ?? ''))?.reservation).not.toBeNull();
});

async function activeTenant({ ports }: World, tenantId: string): Promise<Tenant> {
  const tenant = await ports.store.findTenant(tenantId);
  expect(tenant?.status).toBe('active');
  if (!tenant) throw new Error('no tenant');
  return tenant;
}

async function appConnection({ ports }: World, { reservation, endpoint }: Tenant): Promise<Connection> {
  if (!reservation || !endpoint) throw new Error('no database');
  return {
    host: endpoint.host,
    port: endpoint.port,
    database: reservation.databaseName,
    user: reservation.roleName,
    password: await ports.secrets.read(reservation.secretRef),
  };
}
