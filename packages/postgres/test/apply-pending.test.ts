import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '@kyong/testing';
import { describe, expect, it } from 'vitest';
import {
  applyPending,
  type Connection,
  MigrationFailed,
  MigrationLocked,
  migrate,
  readMigrationFiles,
  readSchema,
  withConnection,
} from '../src/index.ts';

const files = {
  '0001_a.sql': 'CREATE TABLE a (id int) -- the end',
  '0002_b.sql': 'CREATE TABLE b (id int);\nINSERT INTO a VALUES (1);',
  '0003_index.sql':
    '-- no transaction: concurrently\nDROP INDEX CONCURRENTLY IF EXISTS by_id;\nCREATE INDEX CONCURRENTLY by_id ON a (id);\n',
};

function folder(content: Record<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-migrations-'));
  for (const [name, sql] of Object.entries(content)) writeFileSync(join(directory, name), sql);
  return directory;
}

const nothing = { holds: 'true', establish: () => Promise.reject(new Error('It holds.')) };
const applyAll = (connection: Connection, directory: string, lockTimeoutSeconds = 5) =>
  withConnection(connection, (client) => applyPending(client, readMigrationFiles(directory), nothing), {
    lockTimeoutSeconds,
  });

/** A database that has the first file, as every tenant's has some from its template. */
async function begun(): Promise<Connection> {
  const { connection } = await createTestDatabase();
  await withConnection(connection, (client) =>
    migrate(client, folder({ '0001_a.sql': files['0001_a.sql'] })),
  );
  return connection;
}

describe('applyPending', () => {
  it('ends where migrate ends, in schema and in ledger, and each goes on from the other', async () => {
    const [quick, thorough] = [await begun(), await begun()];
    const directory = folder(files);
    expect(await applyAll(quick, directory)).toEqual({
      version: '0003_index',
      applied: ['0002_b', '0003_index'],
    });
    await withConnection(thorough, (client) => migrate(client, directory));
    const state = (connection: Connection) =>
      withConnection(connection, async (client) => [
        await readSchema(client),
        (await client.query('SELECT id, name FROM schema_migrations ORDER BY id')).rows,
      ]);
    expect(await state(quick)).toEqual(await state(thorough));

    const next = folder({ ...files, '0004_c.sql': 'CREATE TABLE c ()' });
    await withConnection(quick, (client) => migrate(client, next));
    expect((await applyAll(thorough, next)).applied).toEqual(['0004_c']);
    expect((await applyAll(quick, next)).applied).toEqual([]);
  });

  it('establishes what the files rely on, where it does not hold and there are files to apply', async () => {
    const connection = await begun();
    const directory = folder({ ...files, '0002_b.sql': 'INSERT INTO needed VALUES (1)' });
    let established = 0;
    const applyWith = (content: string) =>
      withConnection(connection, (client) =>
        applyPending(client, readMigrationFiles(content), {
          holds: "to_regclass('needed') IS NOT NULL",
          async establish() {
            established += 1;
            await client.query('CREATE TABLE needed (id int)');
          },
        }),
      );
    await applyWith(folder({ '0001_a.sql': files['0001_a.sql'] }));
    expect(established).toBe(0);
    expect((await applyWith(directory)).applied).toEqual(['0002_b', '0003_index']);
    await applyWith(folder({ ...files, '0004_c.sql': 'SELECT 1' }));
    expect(established).toBe(1);
  });

  it('goes by the order of the ledger, wherever its rows lie', async () => {
    const connection = await begun();
    await applyAll(connection, folder(files));
    // An updated row moves to the end of its table.
    await withConnection(connection, (client) =>
      client.query("UPDATE schema_migrations SET run_on = now() WHERE name = '0001_a'"),
    );
    expect((await applyAll(connection, folder(files))).applied).toEqual([]);
  });

  it('keeps the files before the one that fails, and nothing of that one', async () => {
    const connection = await begun();
    const directory = folder({
      ...files,
      '0003_index.sql': 'CREATE TABLE half (); CREATE TABLE bad (x nonsense)',
    });
    const failed = await applyAll(connection, directory).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(MigrationFailed);
    expect(failed).toMatchObject({ version: '0002_b', message: expect.stringContaining('nonsense') });
    await withConnection(connection, async (client) => {
      const { rows } = await client.query("SELECT to_regclass('b') AS b, to_regclass('half') AS half");
      expect(rows).toEqual([{ b: 'b', half: null }]);
    });
  });

  it('does not wait for a lock longer than it may', async () => {
    const connection = await begun();
    const directory = folder({ ...files, '0002_b.sql': 'ALTER TABLE a ADD b int' });
    await withConnection(connection, async (busy) => {
      await busy.query('BEGIN; SELECT FROM a');
      await expect(applyAll(connection, directory, 0.05)).rejects.toMatchObject({ cause: { code: '55P03' } });
      await busy.query('COMMIT');
    });
    expect((await applyAll(connection, directory)).applied).toEqual(['0002_b', '0003_index']);
  });

  it('refuses a database that other files were applied to, or none', async () => {
    const connection = await begun();
    await expect(applyAll(connection, folder({ '0001_other.sql': 'SELECT 1' }))).rejects.toThrow(
      'Its ledger has 0001_a where 0001_other was expected',
    );
    const { connection: empty } = await createTestDatabase();
    await expect(applyAll(empty, folder(files))).rejects.toThrow('no table schema_migrations');
  });

  it('of 10 at once each file is applied once', async () => {
    const connection = await begun();
    const directory = folder(files);
    const untilDone = async (): Promise<string[]> => {
      try {
        return (await applyAll(connection, directory)).applied;
      } catch (error) {
        expect(error).toBeInstanceOf(MigrationLocked);
        return untilDone();
      }
    };
    const applied = await Promise.all(Array.from({ length: 10 }, untilDone));
    expect(applied.flat()).toEqual(['0002_b', '0003_index']);
  });
});
