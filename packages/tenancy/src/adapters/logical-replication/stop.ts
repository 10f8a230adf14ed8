import { setTimeout as sleep } from 'node:timers/promises';
import { escapeIdentifier, type PoolClient, withConnection } from '@kyong/postgres';
import type { CopyEnds } from '../../ports.ts';
import { subscriptionExists } from './tables.ts';

type Client = Pick<PoolClient, 'query'>;

/** Takes away all that `startCopy` made, as far as it got: a slot that stayed would keep the source's log for ever. */
export async function stopCopy({ name, source, target }: CopyEnds): Promise<void> {
  await withConnection(target, (client) => unsubscribe(client, name));
  await withConnection(source, async (client) => {
    await dropSlots(client);
    await dropPublication(client, name, source.database);
  });
}

async function unsubscribe(target: Client, name: string): Promise<void> {
  if (!(await subscriptionExists(target, name))) return;
  const subscription = escapeIdentifier(name);
  await target.query(`ALTER SUBSCRIPTION ${subscription} DISABLE`);
  // Without its slot it can be dropped while the source is away; slots are dropped at the source.
  await target.query(`ALTER SUBSCRIPTION ${subscription} SET (slot_name = NONE)`);
  await target.query(`DROP SUBSCRIPTION ${subscription}`);
}

const slotDropAttempts = 50;
const slotDropPauseMilliseconds = 100;

/** All of this database: beside the copy's own there is one for each table whose first rows were being copied. */
async function dropSlots(source: Client): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { rows } = await source.query<{ slot_name: string; active: boolean }>(
      `SELECT slot_name, active FROM pg_replication_slots
        WHERE database = current_database() AND slot_type = 'logical'`,
    );
    if (rows.length === 0) return;
    if (attempt > slotDropAttempts) throw new Error(`${rows.length} replication slots are still in use.`);
    for (const { slot_name, active } of rows) {
      if (active) {
        await source.query(
          'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active',
          [slot_name],
        );
      } else await source.query('SELECT pg_drop_replication_slot($1)', [slot_name]).catch(unlessTakenUp);
    }
    await sleep(slotDropPauseMilliseconds);
  }
}

const objectInUse = '55006';
const undefinedObject = '42704';

/** Taken up, or dropped by its user, since we looked: the next look tells. */
function unlessTakenUp(error: { code?: string }): void {
  if (error.code !== objectInUse && error.code !== undefinedObject) throw error;
}

async function dropPublication(source: Client, name: string, database: string): Promise<void> {
  const role = escapeIdentifier(name);
  await source.query(`DROP PUBLICATION IF EXISTS ${role}`);
  const { rowCount: exists } = await source.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
  if (!exists) return;
  await source.query(`
    BEGIN;
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role};
    REVOKE ALL ON SCHEMA public FROM ${role};
    REVOKE ALL ON DATABASE ${escapeIdentifier(database)} FROM ${role};
    DROP ROLE ${role};
    COMMIT`);
}
