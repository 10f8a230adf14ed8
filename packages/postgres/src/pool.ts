import pg from 'pg';

export type { ClientBase, Pool, PoolClient } from 'pg';
export { escapeIdentifier, escapeLiteral } from 'pg';

export interface Connection {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  /** TLS with the given certificate authority, on AWS; none on the laptop's loopback. */
  ssl?: { ca: string };
}

/** A URL, with TLS where there is an authority to trust. */
export interface ConnectionUrl {
  connectionString: string;
  ssl?: { ca: string };
}

export interface PoolLimits {
  /** Most connections this pool opens. */
  maxConnections: number;
  /** A connection unused for this long is closed. */
  idleTimeoutSeconds: number;
}

/** Whether it can be had at all is known within this time; a request should not hang on a database that is away. */
const connectTimeoutMilliseconds = 5_000;
/** No statement of a request takes this long. The server ends it; if the server itself hangs, we stop waiting. */
const statementTimeoutMilliseconds = 5_000;

/** A bounded pool. Errors of idle connections (a server restart) go to `onError`; the pool replaces them by itself. */
export function createPool(
  connection: Connection | ConnectionUrl,
  limits: PoolLimits,
  onError: (error: Error) => void,
): pg.Pool {
  return endDisturbed(new pg.Pool(configurationOf(connection, limits)), onError);
}

/** What every pool has. */
export function configurationOf(
  connection: Partial<Connection> | ConnectionUrl,
  limits: PoolLimits,
): pg.PoolConfig {
  return {
    ...connection,
    max: limits.maxConnections,
    idleTimeoutMillis: limits.idleTimeoutSeconds * 1000,
    connectionTimeoutMillis: connectTimeoutMilliseconds,
    statement_timeout: statementTimeoutMilliseconds,
    query_timeout: statementTimeoutMilliseconds + 500,
    application_name: 'kyo',
    allowExitOnIdle: true,
  };
}

/** Lets a broken connection end by itself, and tells of it. */
export function endDisturbed(pool: pg.Pool, onError: (error: Error) => void): pg.Pool {
  pool.on('error', onError);
  // A connection that ends between two statements of a transaction says so to its client, which nobody listens to; unheard,
  // that would end the process. Whoever uses it learns of it from the next statement.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** One connection for one task, closed afterwards whatever happens; `lockTimeoutSeconds` bounds how long a statement waits for a lock. */
export async function withConnection<T>(
  connection: Connection | ConnectionUrl,
  task: (client: pg.Client) => Promise<T>,
  { lockTimeoutSeconds }: { lockTimeoutSeconds?: number } = {},
): Promise<T> {
  const client = new pg.Client({
    ...connection,
    connectionTimeoutMillis: connectTimeoutMilliseconds,
    application_name: 'kyo',
    ...(lockTimeoutSeconds !== undefined && { lock_timeout: lockTimeoutSeconds * 1000 }),
  });
  // A server that goes away between queries emits this; the next query reports it to the caller.
  client.on('error', () => {});
  await client.connect();
  try {
    return await task(client);
  } finally {
    await client.end().catch(() => {});
  }
}
