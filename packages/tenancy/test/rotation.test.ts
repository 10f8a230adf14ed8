import {
  type Connection,
  createPool,
  createRenewedPool,
  escapeIdentifier,
  type Pool,
  rememberFor,
  withConnection,
} from '@kyong/postgres';
import { createTestDatabase, eventually } from '@kyong/testing';
import { expect, it, onTestFinished } from 'vitest';
import {
  beginRotation,
  endRotation,
  ensureProgramLogin,
  grantToPrograms,
  type KeptLogin,
  masterMigrations,
  nextLoginName,
  otherLogins,
  type Program,
} from '../src/adapters/master-database/index.ts';
import { listenForTenantChanges } from '../src/adapters/tenant-changes.ts';

const quietSeconds = 0.3;

/** A migrated master database, and the logins of an OTP service and of the function that drives, as secrets keep them. */
async function createPlatform() {
  const { connection } = await createTestDatabase(masterMigrations);
  const { database } = connection;
  const keep = (program: Program): KeptLogin => {
    let kept = { username: nextLoginName(database, program), password: `first of ${program}` };
    return {
      program,
      connectionLimit: 20,
      read: async () => kept,
      write: async (login) => {
        kept = login;
      },
    };
  };
  const [otp, driver] = [keep('otp'), keep('driver')];
  const administrate = <T>(
    task: (client: Parameters<Parameters<typeof withConnection>[1]>[0]) => Promise<T>,
  ) => withConnection(connection, task);
  await administrate(async (client) => {
    await grantToPrograms(client, database);
    for (const { program, connectionLimit, read } of [otp, driver]) {
      const { username: name, password } = await read();
      await ensureProgramLogin(client, database, program, { name, password, connectionLimit });
    }
  });
  return {
    connection,
    otp,
    driver,
    begin: () => administrate((client) => beginRotation(client, database, [otp, driver])),
    end: () => administrate((client) => endRotation(client, database, [otp, driver], quietSeconds)),
    others: async ({ program, read }: KeptLogin) => {
      const { username } = await read();
      return administrate((client) => otherLogins(client, database, program, username));
    },
  };
}

/** Queries without a pause until it is stopped; then says how many there were. @throws the first that failed. */
function keepAsking(pool: Pool, statement: string): () => Promise<number> {
  let stopped = false;
  const asking = (async () => {
    for (let count = 0; ; count += 1) {
      if (stopped) return count;
      await pool.query(statement);
    }
  })();
  // Seen when it is stopped.
  asking.catch(() => {});
  return () => {
    stopped = true;
    return asking;
  };
}

/** A task of a service: it reads its login once, and listens as long as it lives. */
async function startTask(connection: Connection, { read }: KeptLogin) {
  const { username: user, password } = await read();
  const own = { ...connection, user, password };
  const pool = createPool(own, { maxConnections: 2, idleTimeoutSeconds: 1 }, () => {});
  const changes = await new Promise<{ stop(): Promise<void> }>((resolve, reject) => {
    const listening = listenForTenantChanges(own, {
      ended: () => {},
      changed: () => {},
      connected: () => resolve(listening),
      error: reject,
    });
  });
  const stopAsking = keepAsking(pool, 'SELECT FROM users');
  return async () => {
    const count = await stopAsking();
    await changes.stop();
    await pool.end();
    return count;
  };
}

it('a rotation loses no query of tasks, which are started again, nor of functions, which are not', async () => {
  const { connection, otp, driver, begin, end, others } = await createPlatform();
  const login = rememberFor(0.1, async () => {
    const { username: user, password } = await driver.read();
    return { user, password };
  });
  const pool = createRenewedPool(
    { host: connection.host, port: connection.port, database: connection.database },
    login,
    { maxConnections: 2, idleTimeoutSeconds: 1, lifetimeSeconds: 0.2 },
    () => {},
  );
  onTestFinished(() => pool.end());
  const stopFunction = keepAsking(pool, 'SELECT FROM outbox');
  const stopOldTask = await startTask(connection, otp);
  const before = await otp.read();

  expect(await begin()).toEqual(['otp', 'driver']);
  // The tasks of before work under the login of before, and nobody takes it from them.
  expect(await end()).toContain('otp');
  const stopNewTask = await startTask(connection, otp);
  expect(await stopOldTask()).toBeGreaterThan(0);
  await eventually(async () => expect(await end()).toEqual([]));

  expect(await stopNewTask()).toBeGreaterThan(0);
  expect(await stopFunction()).toBeGreaterThan(0);
  expect([await others(otp), await others(driver)]).toEqual([[], []]);
  const former = { ...connection, user: before.username, password: before.password };
  await expect(withConnection(former, async () => {})).rejects.toMatchObject({ code: '28P01' });
});

it('a rotation that has begun is gone on with: there are never three logins', async () => {
  const { connection, otp, begin, end, others } = await createPlatform();
  const stopTask = await startTask(connection, otp);
  const first = await otp.read();
  await begin();
  const second = await otp.read();
  expect(await begin()).not.toContain('otp');
  expect(await otp.read()).toEqual(second);
  expect(await others(otp)).toEqual([first.username]);
  await stopTask();
  await eventually(async () => expect(await end()).toEqual([]));
  expect(await begin()).toContain('otp');
  expect((await otp.read()).username).toBe(first.username);
});

it('a rotation that ended before its login was kept begins anew', async () => {
  const { connection, otp, begin } = await createPlatform();
  const first = await otp.read();
  const name = nextLoginName(connection.database, 'otp', first.username);
  await withConnection(connection, (client) =>
    ensureProgramLogin(client, connection.database, 'otp', { name, password: 'lost', connectionLimit: 1 }),
  );
  expect(await begin()).toContain('otp');
  const { username: user, password } = await otp.read();
  await withConnection({ ...connection, user, password }, (client) => client.query('SELECT FROM users'));
});

it('what a frozen function left open is closed, once it was quiet for a while', async () => {
  const { connection, driver, begin, end } = await createPlatform();
  const { username: user, password } = await driver.read();
  const frozen = createPool(
    { ...connection, user, password },
    { maxConnections: 1, idleTimeoutSeconds: 600 },
    () => {},
  );
  onTestFinished(() => frozen.end());
  await frozen.query('SELECT FROM outbox');
  await begin();
  expect(await end()).toEqual(['driver']);
  await eventually(async () => expect(await end()).toEqual([]));
});

it('a login stays when an administrator may not see whether it is in use', async () => {
  const { connection, driver, begin } = await createPlatform();
  const stopTask = await startTask(connection, driver);
  await begin();
  const blind = escapeIdentifier(`${connection.database}__blind`);
  await withConnection(connection, async (client) => {
    await client.query(`CREATE ROLE ${blind}; SET ROLE ${blind}`);
    expect(await endRotation(client, connection.database, [driver], 0)).toEqual(['driver']);
    await client.query(`RESET ROLE; DROP ROLE ${blind}`);
  });
  await stopTask();
});
