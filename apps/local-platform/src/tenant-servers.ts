import type { SecondDatabase, TenancyStore, Tenant } from '@kyong/tenancy';
import type { LocalPostgres } from '@kyong/tenancy/adapters/local-postgres';
import type { SharedServer } from '@kyong/tenancy/adapters/shared-postgres';

const pageSize = 200;
/** A suspended tenant's server runs as well: its data is kept, backed up, and open again in a moment. */
const withServer: readonly Tenant['status'][] = [
  'active',
  'suspended',
  'changing-plan',
  'restoring',
  'offboarding',
];

/** Starts the servers of dedicated databases that do not run, second ones included, and writes down where any server has a new port. */
export async function ensureTenantServers(
  store: TenancyStore,
  dedicated: LocalPostgres,
  shared: readonly SharedServer[],
): Promise<void> {
  const all = (await dedicatedTenants(store)).filter(({ status }) => withServer.includes(status));
  const operations = await store.findLatestOperations(all.map(({ id }) => id));
  // One that is being erased has no server any more, or soon has none.
  const tenants = all.filter(({ id }) => operations.get(id)?.kind !== 'erase');
  const second = (await store.findSecondDatabases()).filter(isDedicated);
  const servers = [...tenants, ...second].flatMap(({ reservation, endpoint }) =>
    reservation && endpoint ? [{ reservation, endpoint }] : [],
  );
  const addresses = await dedicated.startAll(servers.map(({ reservation }) => reservation.instanceId));
  for (const { reservation, endpoint } of servers) {
    const address = addresses.get(reservation.instanceId);
    if (address && address.port !== endpoint.port) await store.moveInstance(reservation.instanceId, address);
  }
  for (const { instanceId, admin } of shared) await store.moveInstance(instanceId, await admin());
}

const isDedicated = ({ reservation }: SecondDatabase) => reservation.placement === 'dedicated';

async function dedicatedTenants(store: TenancyStore): Promise<Tenant[]> {
  const all: Tenant[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await store.listTenants({
      placement: 'dedicated',
      limit: pageSize,
      ...(last && { after: last.id }),
    });
    all.push(...page);
    if (page.length < pageSize) return all;
  }
}
