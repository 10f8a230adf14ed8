import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '@kyong/testing';
import { describe, expect, it } from 'vitest';
import { migrate, schemaVersion, transaction, withConnection } from '../src/index.ts';

function migrations(files: Record<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-migrations-'));
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(directory, name), sql);
  return directory;
}

it('a transaction whose connection is ended between two statements fails, and the process lives on', async () => {
  const { pool, connection } = await createTestDatabase();
  const cut = transaction(pool, async (client) => {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const ended = new Promise((resolve) => client.once('end', resolve));
    await withConnection(connection, (other) =>
      other.query('SELECT pg_terminate_backend($1)', [rows[0].pid]),
    );
    await ended;
    await client.query('SELECT 1');
  });
  await expect(cut).rejects.toThrow('not queryable');
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

describe('migrate', () => {
  it('applies what is missing, in order, and nothing twice', async () => {
    const { connection } = await createTestDatabase();
    const directory = migrations({
      '0001_a.sql': 'CREATE TABLE a (id int)',
      '0002_b.sql': 'ALTER TABLE a ADD b int',
    });
    await withConnection(connection, async (client) => {
      expect(await schemaVersion(client)).toBeNull();
      expect(await migrate(client, directory)).toEqual({ version: '0002_b', applied: ['0001_a', '0002_b'] });
      expect(await migrate(client, directory)).toEqual({ version: '0002_b', applied: [] });
    });
  });

  it('leaves nothing behind of a run that fails', async () => {
    const { connection } = await createTestDatabase();
    const directory = migrations({
      '0001_a.sql': 'CREATE TABLE a (id int)',
      '0002_bad.sql': 'CREATE TABLE b (id nonsense)',
    });
    await withConnection(connection, async (client) => {
      await expect(migrate(client, directory)).rejects.toThrow('nonsense');
      expect((await client.query("SELECT to_regclass('a') AS a")).rows).toEqual([{ a: null }]);
    });
  });

  it('of 20 at once one migrates and the others wait', async () => {
    const { connection } = await createTestDatabase();
    const directory = migrations({ '0001_a.sql': 'CREATE TABLE a (id int)' });
    const results = await Promise.all(
      Array.from({ length: 20 }, () => withConnection(connection, (client) => migrate(client, directory))),
    );
    expect(results.flatMap((result) => result.applied)).toEqual(['0001_a']);
    expect(new Set(results.map((result) => result.version))).toEqual(new Set(['0001_a']));
  });
});

describe('transaction', () => {
  it('is all or nothing, and gives its connection back either way', async () => {
    const { pool } = await createTestDatabase();
    await pool.query('CREATE TABLE t (id int)');
    await transaction(pool, (client) => client.query('INSERT INTO t VALUES (1)'));
    const failing = transaction(pool, async (client) => {
      await client.query('INSERT INTO t VALUES (2)');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect((await pool.query('SELECT id FROM t')).rows).toEqual([{ id: 1 }]);
    expect(pool.idleCount).toBe(pool.totalCount);
  });
});
