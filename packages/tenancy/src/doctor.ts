import type { Ports } from './ports.ts';
import type { Resource } from './resource.ts';
import type { DatabaseReservation, Tenant } from './tenant.ts';
import { warmReservation } from './warm-pool/warm-database.ts';

/** Something there is that the master database does not know, or the other way round. */
export interface Difference extends Resource {
  problem: 'orphan' | 'missing';
}

export interface Repair {
  removed: Difference[];
  /** What could not be removed, and why. */
  failed: (Difference & { reason: string })[];
}

const pageSize = 200;
/** Statuses in which a tenant has everything it needs, unless something is being done to it. */
const complete: readonly Tenant['status'][] = ['active', 'suspended', 'offboarding'];

/**
 * Compares what there is with what the master database says. Nothing that is being done to a tenant counts: the master
 * database is read before and after looking around, and whatever changed between is left out.
 */
export async function findDifferences(ports: Ports): Promise<Difference[]> {
  const before = await readExpectations(ports);
  const found = await listEverything(ports);
  const after = await readExpectations(ports);

  const isBusy = (tenantId: string) => before.busy.has(tenantId) || after.busy.has(tenantId);
  const orphans = found.filter(
    (resource) =>
      !isBusy(resource.tenantId) &&
      !before.allowed.has(keyOf(resource)) &&
      !after.allowed.has(keyOf(resource)),
  );
  const there = new Set(found.map(keyOf));
  const missing = [...after.required.values()].filter(
    (resource) =>
      !isBusy(resource.tenantId) && before.required.has(keyOf(resource)) && !there.has(keyOf(resource)),
  );
  return [
    ...orphans.map((resource) => ({ ...resource, problem: 'orphan' as const })),
    ...missing.map((resource) => ({ ...resource, problem: 'missing' as const })),
  ];
}

/**
 * Removes orphans: what bears our names or tags, in places that are ours alone, of tenants nothing is done to. Each is looked
 * at once more while its tenant is held still. What is missing is left for an operator: a backup knows what was in it.
 */
export async function removeOrphans(differences: Difference[], ports: Ports): Promise<Repair> {
  const repair: Repair = { removed: [], failed: [] };
  // Databases before the roles that have rights in them.
  const order = ['replication-slot', 'database', 'role'];
  const orphans = differences
    .filter(({ problem }) => problem === 'orphan')
    .sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
  for (const orphan of orphans) {
    try {
      const idle = await ports.store.whileIdle(orphan.tenantId, async () => {
        const { allowed } = await readExpectations(ports);
        if (allowed.has(keyOf(orphan))) return;
        await remove(orphan, ports);
        repair.removed.push(orphan);
      });
      if (!idle) repair.failed.push({ ...orphan, reason: 'Something is being done to its tenant.' });
    } catch {
      repair.failed.push({
        ...orphan,
        reason:
          'It is not gone yet. A server takes minutes to go; or what it is on is away, or in use. Look again.',
      });
    }
  }
  return repair;
}

interface Expectations {
  /** By key: what may be there, and what has to be. */
  allowed: Set<string>;
  required: Map<string, Resource>;
  /** Tenants something is being done to. */
  busy: Set<string>;
}

async function readExpectations({ store, hosts }: Ports): Promise<Expectations> {
  const expected: Expectations = { allowed: new Set(), required: new Map(), busy: new Set() };
  const secretOf = (tenantId: string, name: string): Resource => ({ kind: 'secret', name, tenantId });
  const resourcesOf = (reservation: DatabaseReservation, logins: string[]) =>
    hosts[reservation.placement].resourcesOf(reservation, logins);

  for (const second of await store.findSecondDatabases()) {
    const { reservation } = second;
    const resources = resourcesOf(reservation, [reservation.roleName]);
    for (const resource of [...resources, secretOf(reservation.tenantId, reservation.secretRef)])
      expected.allowed.add(keyOf(resource));
  }
  for (const name of await store.findArchives()) expected.allowed.add(keyOf({ kind: 'archive', name }));
  for (const warm of await store.findWarmDatabases()) {
    for (const resource of resourcesOf(warmReservation(warm), [])) {
      expected.allowed.add(keyOf(resource));
      // Its roles are made when somebody has it.
      if (warm.status === 'ready' && resource.kind !== 'role')
        expected.required.set(keyOf(resource), resource);
    }
  }
  for (let after: string | undefined; ; ) {
    const tenants = await store.listTenants({ limit: pageSize, ...(after !== undefined && { after }) });
    const latest = await store.findLatestOperations(tenants.map(({ id }) => id));
    for (const tenant of tenants) {
      if (latest.get(tenant.id)?.status === 'running') expected.busy.add(tenant.id);
      const { reservation, previousLogin } = tenant;
      if (!reservation) continue;
      if (reservation.warmId !== undefined) {
        for (const resource of resourcesOf(warmReservation({ ...reservation, id: reservation.warmId }), []))
          expected.allowed.add(keyOf(resource));
      }
      const logins = [reservation, ...(previousLogin ? [previousLogin] : [])];
      const resources = [
        ...resourcesOf(
          reservation,
          logins.map(({ roleName }) => roleName),
        ),
        ...logins.map(({ secretRef }) => secretOf(tenant.id, secretRef)),
      ];
      for (const resource of resources) {
        expected.allowed.add(keyOf(resource));
        if (complete.includes(tenant.status)) expected.required.set(keyOf(resource), resource);
      }
    }
    if (tenants.length < pageSize) return expected;
    after = tenants.at(-1)?.id;
  }
}

/** Snapshots are kept on purpose, after their tenant has left, too: they are no orphans. */
async function listEverything({ hosts, secrets, archives }: Ports): Promise<Resource[]> {
  const owned = (kind: Resource['kind'], names: string[], ownerOf: (name: string) => string | undefined) =>
    names.map((name) => ({ kind, name, tenantId: ownerOf(name) ?? '' }));
  const found = [
    ...(await hosts.shared.list()),
    ...(await hosts.dedicated.list()),
    ...owned('secret', await secrets.list(), (name) => name.split('/')[1]),
    ...owned('archive', await archives.list(), (name) => name.split('/')[0]),
  ];
  return found.filter(({ kind }) => kind !== 'snapshot');
}

async function remove(resource: Resource, { hosts, secrets, archives }: Ports): Promise<void> {
  if (resource.kind === 'secret') return secrets.delete(resource.name);
  if (resource.kind === 'archive') return archives.delete(resource.name);
  for (const host of Object.values(hosts)) {
    const theirs = await host.list(resource.tenantId);
    if (theirs.some((candidate) => keyOf(candidate) === keyOf(resource))) return host.remove(resource);
  }
}

const keyOf = ({ kind, name }: Pick<Resource, 'kind' | 'name'>) => `${kind} ${name}`;
