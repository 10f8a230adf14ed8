import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { ExportManifest } from '@kyong/contracts';
import { type ClientBase, escapeIdentifier, withConnection } from '@kyong/postgres';
import { to as copyTo } from 'pg-copy-streams';
import { type Pack, pack } from 'tar-stream';
import type { AdminConnection } from '../ports.ts';
import { hashing } from './hashing.ts';
import { tenantMigrations } from './migration-files.ts';

type TableFile = ExportManifest['tables'][number];

const ledger = 'schema_migrations';

/**
 * Writes a tenant's database as one tar file: its schema as SQL, each table as compressed CSV, all of one moment. A table goes
 * through a temporary file, since tar has a file's size before its content; nothing is ever in memory as a whole.
 */
export async function exportTenant(
  admin: AdminConnection,
  about: { tenantId: string; name: string; exportedAt: Date },
  output: Writable,
): Promise<ExportManifest> {
  const directory = await mkdtemp(join(tmpdir(), 'kyo-export-'));
  const tar = pack();
  const written = pipeline(tar, output);
  // Told of below; until then a broken output shows as a broken entry.
  written.catch(() => {});
  try {
    const manifest = await withConnection(admin, async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const base = await describeDatabase(client);
      const schema = await addSchema(tar, client);
      const tables: TableFile[] = [];
      for (const table of await listTables(client))
        tables.push(await addTable(tar, client, table, directory));
      await client.query('COMMIT');
      const { tenantId, name, exportedAt } = about;
      const made = { format: 'kyo-export/1', tenantId, name, exportedAt: exportedAt.toISOString() } as const;
      return { ...made, ...base, schema, tables };
    });
    const sums = [...manifest.schema, ...manifest.tables].map(({ sha256, path }) => `${sha256}  ${path}\n`);
    await addText(tar, 'SHA256SUMS', sums.join(''));
    await addText(tar, 'manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
    tar.finalize();
    await written;
    return manifest;
  } catch (error) {
    tar.destroy(error as Error);
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function describeDatabase(client: ClientBase) {
  const { rows } = await client.query<{ serverVersion: string; schemaVersion: string | null }>(
    `SELECT current_setting('server_version') AS "serverVersion",
            (SELECT name FROM ${ledger} ORDER BY id DESC LIMIT 1) AS "schemaVersion"`,
  );
  const { rows: sequences } = await client.query<{ sequence: string; lastValue: string | null }>(
    `SELECT sequencename AS sequence, last_value::text AS "lastValue" FROM pg_sequences
      WHERE schemaname = 'public' AND sequencename NOT LIKE '${ledger}%' ORDER BY 1`,
  );
  const [row] = rows;
  return { serverVersion: row?.serverVersion ?? '', schemaVersion: row?.schemaVersion ?? null, sequences };
}

/** The SQL files this database was built with. */
async function addSchema(tar: Pack, client: ClientBase): Promise<ExportManifest['schema']> {
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${ledger} ORDER BY id`);
  const files: ExportManifest['schema'] = [];
  for (const { name } of rows) {
    const sql = await readFile(join(tenantMigrations, `${name}.sql`), 'utf8');
    files.push({ path: `schema/${name}.sql`, ...(await addText(tar, `schema/${name}.sql`, sql)) });
  }
  return files;
}

interface Table {
  table: string;
  /** Those that are stored: what is computed from others is left out, for it cannot be loaded. */
  columns: string[];
}

async function listTables(client: ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `SELECT c.relname AS table, array_agg(a.attname::text ORDER BY a.attnum) AS columns
       FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> '${ledger}'
      GROUP BY c.relname ORDER BY c.relname`,
  );
  return rows;
}

async function addTable(
  tar: Pack,
  client: ClientBase,
  { table, columns }: Table,
  directory: string,
): Promise<TableFile> {
  const draft = join(directory, randomBytes(8).toString('hex'));
  const select = `SELECT ${columns.map(escapeIdentifier).join(', ')} FROM public.${escapeIdentifier(table)}`;
  const rows = client.query(copyTo(`COPY (${select}) TO STDOUT WITH (FORMAT csv, HEADER)`));
  const digest = hashing();
  await pipeline(rows, createGzip(), digest.stream, createWriteStream(draft));

  const path = `tables/${table}.csv.gz`;
  const { size } = await stat(draft);
  await new Promise<void>((resolve, reject) => {
    const entry = tar.entry({ name: path, size }, (error) => (error ? reject(error) : resolve()));
    pipeline(createReadStream(draft), entry).catch(reject);
  });
  await rm(draft);
  return { table, path, columns, rows: rows.rowCount, bytes: size, sha256: digest.sha256() };
}

async function addText(tar: Pack, name: string, text: string): Promise<{ bytes: number; sha256: string }> {
  await new Promise<void>((resolve, reject) => {
    tar.entry({ name }, text, (error) => (error ? reject(error) : resolve()));
  });
  return { bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') };
}
