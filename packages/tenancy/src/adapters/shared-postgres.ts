import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { type Connection, escapeIdentifier, escapeLiteral, migrate, withConnection } from '@kyong/postgres';
import { OperationRefused } from '../operation.ts';
import type { AdminConnection, DatabaseHost } from '../ports.ts';
import { assertRoom, type Quota } from '../quota.ts';
import { formerName } from '../warm-pool/warm-database.ts';
import { adoptWarmDatabase } from './adopt-warm-database.ts';
import { tenantMigrations } from './migration-files.ts';
import { draftOf, restoreFromCopy } from './restore/restore-from-copy.ts';
import type { ServerCopies } from './restore/server-copies.ts';
import { dropTenantObject, listTenantObjects, tenantObjectsOf } from './tenant-objects.ts';
import { dropTenantRoles } from './tenant-roles.ts';

export interface SharedServer {
  instanceId: string;
  /** A way in with full rights, to its `postgres` database. */
  admin: () => Promise<AdminConnection>;
  /** Most tenant databases it may hold. */
  maxDatabases: number;
  /** The server as it was, on the side; absent where it has no backups of ours. */
  copies?: ServerCopies;
}

const databaseExists = '42P04';

/**
 * A database of its own on a server it shares: made from a template that holds the newest schema, in milliseconds. There may
 * be several such servers; a new database goes to the emptiest.
 */
export function sharedPostgres(servers: readonly [SharedServer, ...SharedServer[]]): DatabaseHost {
  const templates = new Map<string, Promise<string>>();

  function serverOf(instanceId: string): SharedServer {
    const server = servers.find((candidate) => candidate.instanceId === instanceId);
    if (!server) {
      throw new OperationRefused(
        'There is no shared database server of this name. Choose another one, or none to have one chosen.',
      );
    }
    return server;
  }

  async function withAdmin<T>(instanceId: string, task: Parameters<typeof withConnection<T>>[1]): Promise<T> {
    return withConnection(await serverOf(instanceId).admin(), task);
  }

  async function databasesOn({ admin }: SharedServer): Promise<number> {
    const { rows } = await withConnection(await admin(), (client) =>
      client.query<{ count: number }>(
        "SELECT count(*)::int FROM pg_database WHERE datname LIKE 'tenant\\_%'",
      ),
    );
    return rows[0]?.count ?? 0;
  }

  /** @param except databases that are not counted: the one there is to be room for, by all its names. */
  async function quotasOf(
    { instanceId, admin, maxDatabases }: SharedServer,
    except: string[] = [],
  ): Promise<Quota[]> {
    const { rows } = await withConnection(await admin(), (client) =>
      client.query<{ databases: number; connections: number; most: number }>(
        `SELECT (SELECT count(*)::int FROM pg_database WHERE datname LIKE 'tenant\\_%' AND datname <> ALL ($1)) AS databases,
                (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
                current_setting('max_connections')::int AS most`,
        [except],
      ),
    );
    const { databases = 0, connections = 0, most = 0 } = rows[0] ?? {};
    const remedy = 'An operator has to add another shared database server, or raise the limit of this one.';
    return [
      { name: `databases on ${instanceId}`, used: databases, limit: maxDatabases, remedy },
      { name: `connections to ${instanceId}`, used: connections, limit: most, remedy },
    ];
  }

  async function templateOf(server: SharedServer): Promise<string> {
    const template = templates.get(server.instanceId) ?? ensureTemplate(await server.admin());
    templates.set(server.instanceId, template);
    template.catch(() => templates.delete(server.instanceId));
    return template;
  }

  return {
    async chooseInstance({ instanceId, except }) {
      const candidates = (instanceId === undefined ? servers : [serverOf(instanceId)]).filter(
        (server) => server.instanceId !== except,
      );
      const loads = await Promise.all(candidates.map(databasesOn));
      const [emptiest] = candidates
        .map((server, index) => ({ server, share: (loads[index] ?? 0) / server.maxDatabases }))
        .sort((one, other) => one.share - other.share);
      if (!emptiest) {
        throw new OperationRefused(
          'There is no other shared database server. An operator has to add one, or name another one.',
        );
      }
      return emptiest.server.instanceId;
    },

    variantOf: async () => newestTemplate(),

    async checkQuota(reservation) {
      const { instanceId, databaseName } = reservation;
      const names = [databaseName, formerName(reservation) ?? databaseName];
      const quotas = await quotasOf(serverOf(instanceId), names);
      assertRoom(
        quotas.map((quota) => ({ quota, amount: 1 })),
        1,
      );
    },

    quotas: async () => (await Promise.all(servers.map((server) => quotasOf(server)))).flat(),

    create: (reservation) =>
      withAdmin(reservation.instanceId, async (client) => {
        const { instanceId, databaseName, warmId } = reservation;
        if (warmId !== undefined && (await adoptWarmDatabase(client, reservation))) return;
        const template = await templateOf(serverOf(instanceId));
        const statement = `CREATE DATABASE ${escapeIdentifier(databaseName)} TEMPLATE ${escapeIdentifier(template)}`;
        await client.query(statement).catch((error: { code?: string }) => {
          if (error.code !== databaseExists) throw error;
        });
      }),

    describe: ({ instanceId, databaseName }) =>
      withAdmin(instanceId, async (client) => {
        const { host, port } = await serverOf(instanceId).admin();
        const { rows } = await client.query<{ version: string }>(
          "SELECT current_setting('server_version') AS version FROM pg_database WHERE datname = $1",
          [databaseName],
        );
        if (!rows[0]) return { state: 'absent' };
        return { state: 'available', endpoint: { host, port, engineVersion: rows[0].version } };
      }),

    adminConnection: async ({ instanceId, databaseName }) => ({
      ...(await serverOf(instanceId).admin()),
      database: databaseName,
    }),

    // Its server is everybody's; what a plan changes here is the role.
    resize: async () => ({ done: true, detail: 'a shared server' }),

    restorableWindow: async ({ instanceId }, now) => serverOf(instanceId).copies?.window(now),

    async restoreBeside(source, target, to) {
      const { copies } = serverOf(source.instanceId);
      if (!copies)
        throw new OperationRefused('This shared database server keeps no backups to restore from.');
      const admin = await serverOf(target.instanceId).admin();
      return restoreFromCopy({ admin, copies }, source, target, to);
    },

    async destroy(reservation) {
      // A restore that did not come to its end leaves half a database, and the copy it came from.
      await serverOf(reservation.instanceId).copies?.close(reservation);
      await withAdmin(reservation.instanceId, async (client) => {
        const former = formerName(reservation) ?? [];
        for (const name of [draftOf(reservation), reservation.databaseName, former].flat()) {
          await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
        }
        await dropTenantRoles(client, reservation);
      });
    },

    resourcesOf: tenantObjectsOf,
    remove: (resource) =>
      withAdmin(resource.name.split('/')[0] ?? '', (client) => dropTenantObject(client, resource)),
    async list(tenantId) {
      const found = await Promise.all(
        servers.map(({ instanceId }) =>
          withAdmin(instanceId, (client) => listTenantObjects(client, instanceId, tenantId)),
        ),
      );
      return found.flat();
    },
  };
}

/**
 * Makes sure that the server has a template database with the newest tenant schema, and that tenants' roles reach
 * nothing but their own database. Safe to repeat and to run from several processes at once.
 */
export async function ensureTemplate(admin: Connection): Promise<string> {
  const name = newestTemplate();
  await withConnection(admin, async (client) => {
    await client.query("SELECT pg_advisory_lock(hashtextextended('kyo:template', 0))");
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate', [
      name,
    ]);
    if (rowCount) return;
    await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)}`);
    await client.query(`CREATE DATABASE ${escapeIdentifier(name)}`);
    await withConnection({ ...admin, database: name }, (database) => migrate(database, tenantMigrations));
    await client.query('REVOKE CONNECT ON DATABASE postgres FROM PUBLIC');
    await client.query('REVOKE CONNECT ON DATABASE template1 FROM PUBLIC');
    // Marked last: only a finished one is a template. Nobody may connect, or copying it would have to wait.
    await client.query(
      `ALTER DATABASE ${escapeIdentifier(name)} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true`,
    );
    await client.query(`COMMENT ON DATABASE ${escapeIdentifier(name)} IS ${escapeLiteral('kyo:template')}`);
  });
  return name;
}

/** The name of the template database with the newest tenant schema. */
export const newestTemplate = () =>
  `template_${basename(readdirSync(tenantMigrations).sort().at(-1) ?? '', '.sql')}`;
