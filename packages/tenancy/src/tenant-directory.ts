import type { DatabaseConnection, SecretStore, TenancyStore } from './ports.ts';

/** The tenant is not there (`unknown`: there is none, or it has left), or not open at the moment (`closed`). */
export class TenantUnavailable extends Error {
  override name = 'TenantUnavailable';
  readonly reason: 'unknown' | 'closed';

  constructor(tenantId: string, reason: 'unknown' | 'closed') {
    super(`Tenant ${tenantId} is ${reason === 'unknown' ? 'not there' : 'not open'}.`);
    this.reason = reason;
  }
}

/** Where a tenant's database is and how its own role gets in. @throws {TenantUnavailable} unless it is active. */
export async function findTenantConnection(
  tenantId: string,
  { store, secrets }: { store: Pick<TenancyStore, 'findTenant'>; secrets: Pick<SecretStore, 'read'> },
): Promise<DatabaseConnection> {
  const tenant = await store.findTenant(tenantId);
  if (tenant?.status !== 'active' || !tenant.reservation || !tenant.endpoint) {
    throw new TenantUnavailable(tenantId, !tenant || tenant.status === 'offboarded' ? 'unknown' : 'closed');
  }
  const { endpoint, reservation } = tenant;
  return {
    host: endpoint.host,
    port: endpoint.port,
    database: reservation.databaseName,
    user: reservation.roleName,
    password: await secrets.read(reservation.secretRef),
  };
}
