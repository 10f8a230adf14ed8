import pg from 'pg';

export type { Pool, PoolClient, PoolConfig } from 'pg';
export { escapeIdentifier, escapeLiteral } from 'pg';

export interface Connection {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string | (() => Promise<string>);
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
  const pool = new pg.Pool({
    ...connection,
    max: limits.maxConnections,
    idleTimeoutMillis: limits.idleTimeoutSeconds * 1000,
    connectionTimeoutMillis: connectTimeoutMilliseconds,
    statement_timeout: statementTimeoutMilliseconds,
    query_timeout: statementTimeoutMilliseconds + 500,
    application_name: 'kyo',
    allowExitOnIdle: true,
  });
  pool.on('error', onError);
  return pool;
}

/** One connection for one task, closed afterwards whatever happens. */
export async function withConnection<T>(
  connection: Connection,
  task: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    ...connection,
    connectionTimeoutMillis: connectTimeoutMilliseconds,
    application_name: 'kyo',
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
