import type { Placement } from '@kyong/contracts';
import { withConnection } from '@kyong/postgres';
import { describe, expect, it } from 'vitest';
import {
  type DatabaseHost,
  fillPool,
  findDifferences,
  OperationRefused,
  type Ports,
  type WarmPoolSizes,
} from '../src/index.ts';
import { Crash, crashingPorts } from './crashing-ports.ts';
import { createWorld, drive, newTenantId, planOf, policy, request, type World } from './support.ts';

const placements = ['shared', 'dedicated'] as const;

interface PoolWorld extends World {
  /** Ids of everything hosts were asked to create: of tenants, and of what waits for one. */
  created: Set<string>;
  fill(sizes: WarmPoolSizes, ports?: Ports): Promise<void>;
}

async function createPoolWorld(limits?: Parameters<typeof createWorld>[0]): Promise<PoolWorld> {
  const world = await createWorld(limits);
  const created = new Set<string>();
  const noting = (host: DatabaseHost): DatabaseHost => ({
    ...host,
    create: (reservation) => {
      created.add(reservation.tenantId);
      return host.create(reservation);
    },
  });
  const { shared, dedicated } = world.ports.hosts;
  const ports = { ...world.ports, hosts: { shared: noting(shared), dedicated: noting(dedicated) } };
  return { ...world, ports, created, fill: (sizes, using = ports) => fillPool(using, sizes, policy) };
}

async function provisioned(ports: Ports, placement: Placement) {
  const operation = await drive(await request(ports, newTenantId(), planOf[placement]), ports);
  const detail = operation.steps.find(({ name }) => name === 'create-database')?.detail;
  return { operation, wasWarm: detail === 'prepared ahead' };
}

/** What there is and should not be, or the other way round, of this world alone: the shared server is the whole run's. */
async function differencesOf({ ports, created }: PoolWorld) {
  const found = await findDifferences(ports);
  return found.filter(({ tenantId }) => created.has(tenantId));
}

async function statuses({ ports }: PoolWorld): Promise<string[]> {
  return (await ports.store.findWarmDatabases()).map(({ status }) => status);
}

const empty = { free: 0, basic: 0 };
/** By then the database is the tenant's; what comes after is as for any other (see crash.test.ts). */
const lastCall = 24;

/** A world in which a provision cannot come to its end. */
function refusing(ports: Ports, placement: Placement, what: 'migrate' | 'quota'): Ports {
  const refuse = async () => {
    throw new OperationRefused('Not today.');
  };
  if (what === 'migrate') return { ...ports, database: { ...ports.database, migrate: refuse } };
  const host = { ...ports.hosts[placement], checkQuota: refuse };
  return { ...ports, hosts: { ...ports.hosts, [placement]: host } };
}

describe.each(placements)('a warm %s database', (placement) => {
  it('is taken over by the next tenant, which uses and loses it as any other', async () => {
    const world = await createPoolWorld();
    const { ports, created } = world;
    await world.fill({ [planOf[placement]]: 1 });
    expect(await statuses(world)).toEqual(['ready']);
    expect(await differencesOf(world)).toEqual([]);

    const { operation, wasWarm } = await provisioned(ports, placement);
    expect(operation.status).toBe('succeeded');
    expect(wasWarm).toBe(true);
    expect(await statuses(world)).toEqual([]);
    const tenant = await ports.store.findTenant(operation.tenantId);
    if (!tenant?.reservation || !tenant.endpoint) throw new Error('not active');
    const { databaseName, roleName, secretRef, warmId } = tenant.reservation;
    expect({ databaseName, warmId }).toEqual({ databaseName: `tenant_${tenant.id}`, warmId: undefined });
    const login = { user: roleName, password: await ports.secrets.read(secretRef), database: databaseName };
    const gym = await withConnection({ ...tenant.endpoint, ...login }, (client) =>
      client.query('SELECT tenant_id FROM gym'),
    );
    expect(gym.rows).toEqual([{ tenant_id: tenant.id }]);

    const theirs = await ports.hosts[placement].list(tenant.id);
    const kinds = theirs.map(({ kind }) => kind).sort();
    const inside = ['database', 'role', 'role'];
    expect(kinds).toEqual(placement === 'shared' ? inside : [...inside, 'server']);
    expect(await differencesOf(world)).toEqual([]);
    await ports.hosts[placement].destroy(tenant.reservation, 'undo');
    expect(await ports.hosts[placement].list(tenant.id)).toEqual([]);
    expect(created).toContain(tenant.id);
  });

  it('is destroyed when new ones would be different, and given to nobody from then on', async () => {
    const world = await createPoolWorld();
    const { ports } = world;
    const sizes = { [planOf[placement]]: 1 };
    await world.fill(sizes);
    const [old] = await ports.store.findWarmDatabases();
    const host = { ...ports.hosts[placement], variantOf: async () => 'newer' };
    const newer = { ...ports, hosts: { ...ports.hosts, [placement]: host } };
    expect((await provisioned(newer, placement)).wasWarm).toBe(false);
    await world.fill(sizes, newer);
    const warm = await ports.store.findWarmDatabases();
    expect(warm).toMatchObject([{ variant: 'newer', status: 'ready' }]);
    expect(warm[0]?.id).not.toBe(old?.id);
    expect(await differencesOf(world)).toEqual([]);
    expect((await provisioned(newer, placement)).wasWarm).toBe(true);
  });

  it('is neither lost nor left over wherever whoever makes or destroys it dies', async () => {
    const world = await createPoolWorld();
    const sizes = { [planOf[placement]]: 1 };
    for (const [from, to] of [
      [empty, sizes],
      [sizes, empty],
    ]) {
      for (let call = 0, died = true; died; call += 1) {
        await world.fill(from ?? {});
        died = false;
        const dying = crashingPorts(world.ports, { call, when: 'after' });
        await world.fill(to ?? {}, dying.ports).catch(() => {});
        died = dying.calls() > call;
        await world.fill(to ?? {});
        expect(await statuses(world), `call ${call}`).toEqual(to === sizes ? ['ready'] : []);
        expect(await differencesOf(world), `call ${call}`).toEqual([]);
        await world.fill(from ?? {});
      }
    }
  });

  it.each([
    ['and the next one finishes', undefined],
    ['and the next one undoes it', 'migrate'],
    ['and the next one undoes it before it bears its name', 'quota'],
  ] as const)('goes to one tenant wherever its driver dies, %s', async (_, failing) => {
    const world = await createPoolWorld();
    const { ports } = world;
    const tenantPorts = failing === undefined ? ports : refusing(ports, placement, failing);
    for (let call = 0, died = true; died && call <= lastCall; call += placement === 'shared' ? 1 : 3) {
      await world.fill({ [planOf[placement]]: 1 });
      const operationId = await request(ports, newTenantId(), planOf[placement]);
      const dying = crashingPorts(tenantPorts, { call, when: 'after' });
      died = await drive(operationId, dying.ports).then(
        () => false,
        (error: unknown) => error instanceof Crash,
      );
      const operation = await drive(operationId, tenantPorts);
      expect(operation.status).toBe(failing === undefined ? 'succeeded' : 'compensated');
      // It is the tenant's, or gone with it.
      expect(await statuses(world), `call ${call}`).toEqual([]);
      expect(await differencesOf(world), `call ${call}`).toEqual([]);
    }
  });
});

it('of five databases and twenty tenants at once, five take one each and fifteen get a new one', async () => {
  const world = await createPoolWorld();
  for (let passes = 0; passes < 3; passes += 1) await world.fill({ free: 5 });
  const warm = await world.ports.store.findWarmDatabases();
  expect(warm.map(({ status }) => status)).toEqual(Array(5).fill('ready'));
  const tenants = await Promise.all(Array.from({ length: 20 }, () => provisioned(world.ports, 'shared')));
  expect(tenants.map(({ operation }) => operation.status)).toEqual(Array(20).fill('succeeded'));
  expect(tenants.filter(({ wasWarm }) => wasWarm)).toHaveLength(5);
  expect(await statuses(world)).toEqual([]);
  expect(await differencesOf(world)).toEqual([]);
});

it('what is about to be destroyed and taken at once is one or the other', async () => {
  const world = await createPoolWorld();
  for (let round = 0; round < 10; round += 1) {
    await world.fill({ free: 2 });
    const [first, second] = await Promise.all([
      provisioned(world.ports, 'shared'),
      provisioned(world.ports, 'shared'),
      world.fill(empty),
    ]);
    expect([first.operation.status, second.operation.status]).toEqual(['succeeded', 'succeeded']);
    expect(await statuses(world)).toEqual([]);
  }
  expect(await differencesOf(world)).toEqual([]);
});

it('passes at the same time make no more than is wanted', async () => {
  const world = await createPoolWorld();
  await Promise.all(Array.from({ length: 5 }, () => world.fill({ free: 2 })));
  expect(await statuses(world)).toEqual(['ready', 'ready']);
});

it('leaves what room there is to tenants, and gives up one that does not come', async () => {
  const world = await createPoolWorld({ maxServers: 1 });
  await provisioned(world.ports, 'dedicated');
  await world.fill({ basic: 1 });
  expect(await statuses(world)).toEqual([]);

  const host = world.ports.hosts.shared;
  const slow = async () => ({ state: 'creating', detail: 'the database server is creating' }) as const;
  const ports = { ...world.ports, hosts: { ...world.ports.hosts, shared: { ...host, describe: slow } } };
  await world.fill({ free: 1 }, ports);
  await world.fill({ free: 1 }, ports);
  const [first, ...others] = await ports.store.findWarmDatabases();
  expect([first?.status, others]).toEqual(['starting', []]);
  const tomorrow = () => new Date(Date.now() + 86_400_000);
  await world.fill({ free: 1 }, { ...ports, now: tomorrow });
  const ids = (await ports.store.findWarmDatabases()).map(({ id }) => id);
  expect(ids).toHaveLength(1);
  expect(ids).not.toContain(first?.id);
  expect(await differencesOf(world)).toEqual([]);
});
