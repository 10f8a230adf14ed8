import { type ClientBase, escapeIdentifier } from '@kyong/postgres';
import type { Resource } from '../resource.ts';
import type { DatabaseReservation } from '../tenant.ts';
import { groupName } from './tenant-roles.ts';

type Kind = 'database' | 'role' | 'replication-slot';

/** What tenants have inside a PostgreSQL server; `server` is put before each name. */
export async function listTenantObjects(
  client: ClientBase,
  server: string,
  tenantId?: string,
): Promise<Resource[]> {
  const { rows } = await client.query<{ kind: Kind; name: string; owner: string }>(
    `SELECT 'database' AS kind, datname AS name, datname AS owner FROM pg_database WHERE datname LIKE 'tenant\\_%'
     UNION ALL
     SELECT 'role', rolname, rolname FROM pg_roles WHERE rolname LIKE 'tenant\\_%'
     UNION ALL
     SELECT 'replication-slot', slot_name, database FROM pg_replication_slots WHERE database LIKE 'tenant\\_%'`,
  );
  return rows.flatMap(({ kind, name, owner }) => {
    const stem = names[kind].exec(owner)?.[1];
    const ownerId = stem?.replaceAll('_', '-');
    if (ownerId === undefined || (tenantId !== undefined && ownerId !== tenantId)) return [];
    return [{ kind, name: `${server}/${name}`, tenantId: ownerId }];
  });
}

/**
 * As `databaseNames` makes them: of a tenant's first database, or of a second one with its label, which is a draft while it is
 * being restored; roles as `tenantRoles`.
 */
const databaseName = /^tenant_([a-z](?:_?[a-z0-9])+?)(?:__0[0-9a-f]{8}(?:_draft)?)?$/;
const names: Record<Kind, RegExp> = {
  database: databaseName,
  'replication-slot': databaseName,
  role: /^tenant_([a-z](?:_?[a-z0-9])+?)(?:__0[0-9a-f]{8})?(?:_app(?:__2)?|__rights)$/,
};

/** What a complete database has inside its server, as `listTenantObjects` names it. */
export function tenantObjectsOf(
  { tenantId, instanceId, databaseName }: DatabaseReservation,
  logins: string[],
): Resource[] {
  const inServer = (kind: Kind) => (name: string) => ({ kind, name: `${instanceId}/${name}`, tenantId });
  return [inServer('database')(databaseName), ...[groupName(databaseName), ...logins].map(inServer('role'))];
}

/** Drops one of them. A role that still has rights somewhere stays, with an error that says so. */
export async function dropTenantObject(client: ClientBase, { kind, name }: Resource): Promise<void> {
  const object = name.slice(name.indexOf('/') + 1);
  const quoted = escapeIdentifier(object);
  if (kind === 'database') await client.query(`DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
  if (kind === 'role') await client.query(`DROP ROLE IF EXISTS ${quoted}`);
  if (kind === 'replication-slot') {
    await client.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
      [object],
    );
  }
}
