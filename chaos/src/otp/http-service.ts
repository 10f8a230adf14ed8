import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresServer } from '@kyong/embedded-servers';
import { createSigningKey } from '@kyong/identity/adapters/signing-keys';
import { OtpKeys } from '@kyong/otp';
import { createPool, migrate, type Pool, withConnection } from '@kyong/postgres';
import { masterMigrations } from '@kyong/tenancy/adapters/master-database';
import { tenantMigrations } from '@kyong/tenancy/adapters/tenant-schema';
import type { Stage } from '../fault.ts';
import { type Mailbox, startMailbox } from './mailbox.ts';
import type { ServiceConfiguration } from './service-process.ts';

/** Two instances of kyo-otp-service, each a process, on real databases, as their clients see them. */
export interface HttpService {
  /** Where the instances answer. */
  instances: string[];
  mailbox: Mailbox;
  keys: OtpKeys;
  /** The master database. */
  master: Pool;
  /** The database of the one tenant. */
  gym: Pool;
}

const instanceCount = 2;
const databaseSettings = { maxConnections: 60, sharedBuffersMegabytes: 64, fsync: false };

export async function withHttpService<T>(
  { directory }: Stage,
  options: Pick<ServiceConfiguration, 'redis' | 'confirmingReplicas'>,
  task: (service: HttpService) => Promise<T>,
): Promise<T> {
  await using started = new AsyncDisposableStack();
  // Entered, not listed, by the account PostgreSQL runs under when we are root.
  chmodSync(directory, 0o711);
  const postgres = new PostgresServer(join(directory, 'postgres'), databaseSettings);
  started.defer(() => postgres.stop());
  await postgres.initialise();
  const server = await postgres.start();
  const createDatabase = async (name: string, migrations: string) => {
    await withConnection({ ...server, database: 'postgres' }, (client) =>
      client.query(`CREATE DATABASE ${name}`),
    );
    const connection = { ...server, database: name };
    await withConnection(connection, (client) => migrate(client, migrations));
    const pool = createPool(connection, { maxConnections: 5, idleTimeoutSeconds: 30 }, () => {});
    started.defer(() => pool.end());
    return { connection, pool };
  };
  const master = await createDatabase('master', masterMigrations);
  const gym = await createDatabase('gym', tenantMigrations);
  const mailbox = await startMailbox();
  started.defer(() => mailbox.stop());

  const secret = randomBytes(32);
  const configuration: ServiceConfiguration = {
    ...options,
    masterDatabase: master.connection,
    gymDatabase: gym.connection,
    otpSecret: secret.toString('base64url'),
    signingKeys: [await createSigningKey(new Date())],
    provider: { url: mailbox.url, secret: `whsec_${randomBytes(24).toString('base64')}` },
  };
  const children = Array.from({ length: instanceCount }, () => {
    const child = startInstance(configuration);
    started.defer(async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    return child;
  });
  const instances = await Promise.all(children.map(addressOf));
  return await task({ instances, mailbox, keys: new OtpKeys(secret), master: master.pool, gym: gym.pool });
}

function startInstance(configuration: ServiceConfiguration): ChildProcess {
  return spawn(
    process.execPath,
    [join(import.meta.dirname, 'service-process.ts'), JSON.stringify(configuration)],
    // Its log is of what it is put through.
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { ...process.env, NODE_ENV: 'production' } },
  );
}

async function addressOf(child: ChildProcess): Promise<string> {
  const [port] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The service ended with code ${code}.`);
    }),
  ]);
  return `http://127.0.0.1:${port}`;
}
