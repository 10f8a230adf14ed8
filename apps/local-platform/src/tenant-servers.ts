import type { TenancyStore, Tenant } from '@kyong/tenancy';
import type { LocalPostgres } from '@kyong/tenancy/adapters/local-postgres';

const pageSize = 200;
/** Statuses in which a dedicated tenant's server is expected to run. */
const serving = ['active', 'changing-plan', 'restoring'] as const;

/** Starts the servers of dedicated tenants that do not run, and writes down where one has a new port. */
export async function ensureTenantServers(store: TenancyStore, dedicated: LocalPostgres): Promise<void> {
  const tenants = (await Promise.all(serving.map((status) => allTenants(store, status)))).flat();
  const placed = tenants.filter((tenant) => tenant.placement === 'dedicated' && tenant.reservation);
  const addresses = await dedicated.startAll(
    placed.flatMap(({ reservation }) => (reservation ? [reservation] : [])),
  );
  for (const { id, endpoint } of placed) {
    const address = addresses.get(id);
    if (address && address.port !== endpoint?.port) await store.moveEndpoint(id, address);
  }
}

async function allTenants(store: TenancyStore, status: (typeof serving)[number]): Promise<Tenant[]> {
  const all: Tenant[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await store.listTenants({ status, limit: pageSize, ...(last && { after: last.id }) });
    all.push(...page);
    if (page.length < pageSize) return all;
  }
}
