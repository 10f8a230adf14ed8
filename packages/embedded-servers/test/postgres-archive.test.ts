import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@kyong/testing/eventually';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { defaultArchiveLimits, PostgresServer, type PostgresSettings } from '../src/index.ts';

const settings: PostgresSettings = {
  maxConnections: 10,
  sharedBuffersMegabytes: 16,
  fsync: false,
  archive: defaultArchiveLimits,
};

let prepared: PostgresServer;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kyo-test-archive-'));
  chmodSync(folder, 0o711);
  prepared = new PostgresServer(join(folder, 'prepared'), settings);
  await prepared.initialise();
});
afterAll(() => rmSync(join(prepared.directory, '..'), { recursive: true, force: true }));

/** A folder whose name holds what a shell or PostgreSQL would take for something else. */
function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "kyo 100% o'clock "));
  chmodSync(folder, 0o711);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function serverIn(folder: string, name: string, changes: Partial<PostgresSettings> = {}): PostgresServer {
  const server = new PostgresServer(join(folder, name), { ...settings, ...changes });
  onTestFinished(() => server.stop());
  return server;
}

async function startServer(folder: string, changes: Partial<PostgresSettings> = {}) {
  const server = serverIn(folder, 'live', changes);
  await server.cloneFrom(prepared);
  await server.start();
  return server;
}

async function query(server: PostgresServer, sql: string) {
  const client = new pg.Client({ ...server.endpoint, database: 'postgres' });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A time between what was committed before the call and what is committed after it, in whole milliseconds. */
async function between(server: PostgresServer): Promise<Date> {
  const tick =
    "SELECT date_trunc('milliseconds', clock_timestamp()) + interval '2 ms' AS at, pg_sleep(0.005)";
  const [row] = await query(server, tick);
  return row.at;
}

const notesOf = async (server: PostgresServer) =>
  (await query(server, 'SELECT note FROM notes ORDER BY id')).map(({ note }) => note);
const note = (server: PostgresServer, text: string) =>
  query(server, `INSERT INTO notes (note) VALUES ('${text}')`);
const createNotes = 'CREATE TABLE notes (id serial PRIMARY KEY, note text NOT NULL)';

describe('a server with an archive', () => {
  it('can be had as it was between two commits, beside the one that runs on', async () => {
    const folder = createFolder();
    const live = await startServer(folder);
    await query(live, createNotes);
    await live.backUp();
    await note(live, 'first');
    const to = await between(live);
    await note(live, 'second');

    const past = serverIn(folder, 'past');
    await past.recoverFrom(live, to);
    await past.start();
    expect(await notesOf(past)).toEqual(['first']);
    expect(await notesOf(live)).toEqual(['first', 'second']);
    // A server of its own: it takes writes, under a password of its own.
    await note(past, 'other');
    expect(past.endpoint.password).not.toBe(live.endpoint.password);
    expect(await notesOf(live)).toEqual(['first', 'second']);
  });

  it('can be had as it is now, though nothing was committed since', async () => {
    const folder = createFolder();
    const live = await startServer(folder);
    await query(live, createNotes);
    await live.backUp();
    await note(live, 'last');

    const past = serverIn(folder, 'past');
    await past.recoverFrom(live, new Date());
    await past.start();
    expect(await notesOf(past)).toEqual(['last']);
  });

  it('keeps its past when it is killed and started again', async () => {
    const folder = createFolder();
    const live = await startServer(folder);
    await query(live, createNotes);
    await live.backUp();
    await note(live, 'first');
    const to = await between(live);
    const [{ pid }] = await query(
      live,
      "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid",
    );
    process.kill(pid, 'SIGKILL');
    await eventually(() => expect(live.isRunning).toBe(false));

    const past = serverIn(folder, 'past');
    await past.recoverFrom(live, to);
    await past.start();
    expect(await notesOf(past)).toEqual(['first']);
    expect(await notesOf(live)).toEqual(['first']);
  });

  it('recovers to the end when the recovery is killed in the middle', async () => {
    const folder = createFolder();
    const live = await startServer(folder);
    await query(live, createNotes);
    await live.backUp();
    await note(live, 'first');
    const to = await between(live);
    await note(live, 'second');

    const past = serverIn(folder, 'past');
    await past.recoverFrom(live, to);
    const cut = past.start().catch(() => {});
    await eventually(() => expect(past.isRunning).toBe(true), { interval: 1 });
    await past.stop();
    await cut;
    await serverIn(folder, 'past').recoverFrom(live, to);
    await past.start();
    expect(await notesOf(past)).toEqual(['first']);
  });

  it('has a past of its own after it was recovered', async () => {
    const folder = createFolder();
    const live = await startServer(folder);
    await query(live, createNotes);
    await live.backUp();
    await note(live, 'first');
    const past = serverIn(folder, 'past');
    await past.recoverFrom(live, await between(live));
    await past.start();
    await live.destroy();

    await past.backUp();
    await note(past, 'after');
    const to = await between(past);
    await note(past, 'too late');
    const again = serverIn(folder, 'again');
    await again.recoverFrom(past, to);
    await again.start();
    expect(await notesOf(again)).toEqual(['first', 'after']);
  });

  it('cannot be had as it was before its first base backup', async () => {
    const folder = createFolder();
    const live = await startServer(folder);
    const before = new Date();
    await live.backUp();
    const past = serverIn(folder, 'past');
    await expect(past.recoverFrom(live, before)).rejects.toThrow('no base backup');
    expect(past.exists).toBe(false);
    expect(live.archive?.restorableSince?.getTime()).toBeGreaterThanOrEqual(before.getTime());
  });

  it('leaves nothing when it is destroyed', async () => {
    const folder = createFolder();
    const live = await startServer(folder);
    await live.backUp();
    const past = serverIn(folder, 'past');
    await past.recoverFrom(live, new Date());
    await past.start();
    await past.destroy();
    expect(readdirSync(folder)).toEqual(['live']);
    await live.destroy();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('what an archive keeps', () => {
  const write = (server: PostgresServer) =>
    query(server, "SELECT pg_switch_wal() FROM (SELECT pg_logical_emit_message(false, 'x', 'y')) AS written");
  const archived = (folder: string, part: 'wal' | 'base') =>
    readdirSync(join(folder, 'live', 'archive', part)).filter((name) => !name.endsWith('.backup'));

  it('is bounded, and what is kept can be recovered', async () => {
    const folder = createFolder();
    const archive = { ...defaultArchiveLimits, keepBackups: 2 };
    const live = await startServer(folder, { archive });
    await query(live, createNotes);
    for (let round = 0; round < 4; round += 1) {
      await note(live, `round ${round}`);
      await live.backUp();
    }
    expect(archived(folder, 'base')).toHaveLength(2);
    expect(archived(folder, 'wal').length).toBeLessThan(8);

    const past = serverIn(folder, 'past', { archive });
    await past.recoverFrom(live, live.archive?.restorableSince ?? new Date(0));
    await past.start();
    expect(await notesOf(past)).toEqual(['round 0', 'round 1', 'round 2']);
  });

  it('reaches back over all days it should, by the base backup before them', async () => {
    const folder = createFolder();
    const archive = { ...defaultArchiveLimits, keepDays: 0.5 / 86_400 };
    const live = await startServer(folder, { archive });
    await live.backUp();
    const first = live.archive?.restorableSince;
    await live.backUp();
    // Young enough: the first one is where the window begins.
    expect(live.archive?.restorableSince).toEqual(first);
    await eventually(
      async () => {
        await live.backUp();
        expect(live.archive?.restorableSince).not.toEqual(first);
      },
      { interval: 100 },
    );
  });

  it('says when the next base backup is due: at once, then by age and by what was written', async () => {
    const folder = createFolder();
    const live = await startServer(folder, {
      archive: { ...defaultArchiveLimits, backupAfterMegabytes: 20 },
    });
    const tomorrow = new Date(Date.now() + 25 * 3_600_000);
    const isDue = (now = new Date()) => live.archive?.isBackupDue(now);
    expect(isDue()).toBe(true);
    await live.backUp();
    expect(isDue()).toBe(false);
    expect(isDue(tomorrow)).toBe(false);

    for (let count = 0; count < 18; count += 1) await write(live);
    await eventually(() => expect(isDue(tomorrow)).toBe(true));
    expect(isDue()).toBe(false);
    for (let count = 0; count < 5; count += 1) await write(live);
    await eventually(() => expect(isDue()).toBe(true));
  });
});
