import { randomBytes } from 'node:crypto';
import { escapeIdentifier, escapeLiteral, type PoolClient, withConnection } from '@kyong/postgres';
import { OperationRefused } from '../../operation.ts';
import type { CopyEnds } from '../../ports.ts';
import { scramVerifier } from '../scram.ts';
import { stopCopy } from './stop.ts';
import { copiedTables, subscriptionExists } from './tables.ts';

type Client = Pick<PoolClient, 'query'>;

/**
 * The source publishes its tables, the target subscribes: first to what is there, then to what comes. One login, made for
 * this copy alone, goes from server to server; nobody keeps its password, and no statement shows it.
 */
export async function startCopy(ends: CopyEnds): Promise<void> {
  if (await withConnection(ends.target, (target) => subscriptionExists(target, ends.name))) return;
  // What an attempt that was cut off has left would be in the way: a slot whose changes nobody asked for, half of the rows.
  await stopCopy(ends);
  const password = randomBytes(32).toString('base64url');
  await withConnection(ends.source, (source) => publish(source, ends, password));
  await withConnection(ends.target, (target) => subscribe(target, ends, password));
}

async function publish(source: Client, { name, source: { database } }: CopyEnds, password: string) {
  const { rows } = await source.query<{ wal_level: string }>('SHOW wal_level');
  if (rows[0]?.wal_level !== 'logical') {
    throw new OperationRefused(
      'The database server does not keep the log that a copy needs. An operator has to set wal_level = logical (on RDS rds.logical_replication = 1 in its parameter group) and restart it.',
    );
  }
  const tables = await copiedTables(source);
  const keyless = tables.filter((table) => !table.hasPrimaryKey);
  if (keyless.length > 0) {
    throw new OperationRefused(
      `These tables have no primary key, so that their changes cannot be copied: ${keyless.map((table) => table.name).join(', ')}. A migration has to add one.`,
    );
  }
  const role = escapeIdentifier(name);
  // On RDS nobody may give REPLICATION away; a role of its own stands for it (RDS User Guide, "Logical replication").
  const { rowCount: onRds } = await source.query("SELECT FROM pg_roles WHERE rolname = 'rds_replication'");
  const verifier = escapeLiteral(scramVerifier(password));
  await source.query(`CREATE ROLE ${role} LOGIN ${onRds ? '' : 'REPLICATION'} PASSWORD ${verifier}`);
  if (onRds) await source.query(`GRANT rds_replication TO ${role}`);
  await source.query(`GRANT CONNECT ON DATABASE ${escapeIdentifier(database)} TO ${role}`);
  await source.query(`GRANT USAGE ON SCHEMA public TO ${role}`);
  const list = tables.map((table) => table.identifier).join(', ');
  await source.query(`GRANT SELECT ON ${list} TO ${role}`);
  await source.query(`CREATE PUBLICATION ${role} FOR TABLE ${list}`);
  await source.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [name]);
}

const insufficientPrivilege = '42501';

async function subscribe(target: Client, { name, source }: CopyEnds, password: string) {
  const tables = await copiedTables(target);
  // The schema may have brought rows of its own; the copy brings them again.
  await target.query(`TRUNCATE ${tables.map((table) => table.identifier).join(', ')}`);
  // A parameter, which is logged only where every statement is, and then not either where we may say so (on RDS we may not).
  // The statement that uses it runs inside, and its errors are told without it.
  await target.query('SET log_parameter_max_length = 0').catch((error: { code?: string }) => {
    if (error.code !== insufficientPrivilege) throw error;
  });
  await target.query("SELECT set_config('kyo.source', $1, false)", [
    connectionString(source, name, password),
  ]);
  await target.query(`
    DO $subscribe$
    BEGIN
      EXECUTE format(
        'CREATE SUBSCRIPTION %I CONNECTION %L PUBLICATION %I WITH (create_slot = false, slot_name = %L)',
        ${escapeLiteral(name)}, current_setting('kyo.source'), ${escapeLiteral(name)}, ${escapeLiteral(name)});
    EXCEPTION WHEN OTHERS THEN
      RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM;
    END
    $subscribe$`);
}

/** For libpq in the target's server, which has no file with RDS's certificate authority: encrypted, in a private network. */
function connectionString({ host, port, database, ssl }: CopyEnds['source'], user: string, password: string) {
  const quoted = (value: string) => `'${value.replaceAll(/['\\]/g, '\\$&')}'`;
  const values = {
    host,
    port: String(port),
    dbname: database,
    user,
    password,
    sslmode: ssl ? 'require' : 'prefer',
  };
  return Object.entries(values)
    .map(([key, value]) => `${key}=${quoted(value)}`)
    .join(' ');
}
