import {
  applyPending,
  type Connection,
  MigrationFailed,
  migrate,
  readMigrationFiles,
  readSchema,
  schemaVersion,
  withConnection,
} from '@kyong/postgres';
import { type SchemaObject, TenantNotMigrated, type TenantSchema } from '../fleet/migration.ts';
import { tenantMigrations } from './migration-files.ts';
import { newTablesAreShared, shareRights } from './tenant-roles.ts';

/**
 * Codes that a later attempt may not meet: a lock that was not to be had, a deadlock, a server without room for another
 * connection, starting or stopping, or not reached (PostgreSQL's manual, appendix A; Node's for the network).
 */
const passing = new Set([
  ...['55P03', '40P01', '40001', '53300', '57P01', '57P02', '57P03', '08006'],
  ...['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH', 'EAI_AGAIN'],
]);
const lockNotAvailable = '55P03';

/** Of the database in which versions are built up to be looked at. */
const scratchDatabase = 'kyo_expected_schema';

/** The newest version this code knows. */
export function newestTenantVersion(directory = tenantMigrations): string {
  return readMigrationFiles(directory).at(-1)?.name ?? '';
}

/**
 * The SQL files of `directory`, read once and applied to one database after the other.
 * @param server the way to a server where a database may be made for a moment.
 */
export function createTenantSchema(
  server: () => Promise<Connection>,
  directory = tenantMigrations,
): TenantSchema {
  const files = readMigrationFiles(directory);
  let versions: Promise<Map<string, SchemaObject[]>> | undefined;
  return {
    newestVersion: newestTenantVersion(directory),
    async migrate(admin, roleName, options) {
      try {
        return await withConnection(
          admin,
          (client) =>
            applyPending(client, files, {
              holds: newTablesAreShared,
              establish: () => shareRights(client, admin, roleName),
            }),
          options,
        );
      } catch (error) {
        throw notMigrated(error);
      }
    },

    async expected(version) {
      versions ??= server()
        .then((connection) => readVersions(connection, directory, files.length))
        .catch((error: unknown) => {
          versions = undefined;
          throw error;
        });
      return (await versions).get(version);
    },

    inspect: (admin) =>
      withConnection(admin, async (client) => ({
        version: await schemaVersion(client),
        objects: await readSchema(client),
      })),
  };
}

/** Builds a database up file by file, and looks at each version on the way. */
async function readVersions(
  server: Connection,
  directory: string,
  files: number,
): Promise<Map<string, SchemaObject[]>> {
  const versions = new Map<string, SchemaObject[]>();
  await withConnection(server, async (client) => {
    // One at a time; and what one that was cut off has left is taken away by the next.
    await client.query("SELECT pg_advisory_lock(hashtextextended('kyo:expected-schema', 0))");
    await client.query(`DROP DATABASE IF EXISTS ${scratchDatabase}`);
    await client.query(`CREATE DATABASE ${scratchDatabase}`);
    await withConnection({ ...server, database: scratchDatabase }, async (scratch) => {
      for (let file = 0; file < files; file += 1) {
        const { version } = await migrate(scratch, directory, 1);
        versions.set(version, await readSchema(scratch));
      }
    });
    await client.query(`DROP DATABASE ${scratchDatabase}`);
  });
  return versions;
}

/** In words that name no host and show no statement: operators read them, and so do logs. */
function notMigrated(error: unknown): TenantNotMigrated {
  const failed = error instanceof MigrationFailed ? error : undefined;
  const { code = 'no code', message } = (failed?.cause ?? error) as { code?: string; message: string };
  // A connection that times out has no code of its own.
  const passes = passing.has(code) || /timeout|terminated/i.test(message);
  const details = { version: failed?.version ?? null, passes, cause: error };
  if (code === lockNotAvailable) {
    return new TenantNotMigrated('Its tables are in use, or somebody else migrates it.', details);
  }
  return new TenantNotMigrated(failed?.message ?? `Its database does not answer (${code}).`, details);
}
