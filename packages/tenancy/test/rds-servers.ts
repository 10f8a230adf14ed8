import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PostgresServer } from '@kyong/embedded-servers';
import { escapeIdentifier, escapeLiteral, withConnection } from '@kyong/postgres';
import { generate } from 'selfsigned';
import { tenantServerSettings } from '../src/adapters/local-postgres.ts';

const settings = { ...tenantServerSettings, fsync: false };

export interface RdsServers {
  /** PEM of the authority that signed the servers' certificate. */
  certificateAuthority: string;
  /** Starts the server of a new instance, with its first database and its master user, who is no superuser. */
  create(
    instanceId: string,
    databaseName: string,
    master: string,
  ): Promise<{ port: number; password: string }>;
  /** Takes a base backup: from now on the instance can be had as it was. */
  backUp(instanceId: string): Promise<void>;
  /** Since when that is; undefined before its first backup. */
  restorableSince(instanceId: string): Date | undefined;
  /** Starts the server of an instance that is what another one was at `to`. */
  restore(sourceId: string, targetId: string, to: Date): Promise<{ port: number }>;
  setPassword(instanceId: string, master: string, password: string): Promise<void>;
  destroy(instanceId: string): Promise<void>;
}

/** The PostgreSQL servers behind RDS instances: real ones, each with a process, a port and TLS. */
export async function startRdsServers(directory: string): Promise<RdsServers> {
  const source = new PostgresServer(join(directory, 'source'), settings);
  const serverOf = (instanceId: string) =>
    new PostgresServer(join(directory, 'instances', instanceId), settings);
  const connectionTo = (server: PostgresServer) => ({ ...server.endpoint, database: 'postgres' });

  const certificate = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  await source.initialise();
  await source.start();
  await withConnection(connectionTo(source), async (client) => {
    // Written by the server itself: the files have to belong to its account, and the key to be closed to all others.
    for (const [file, pem] of [
      ['server.crt', certificate.cert],
      ['server.key', certificate.private],
    ] as const) {
      const lines = `unnest(string_to_array(${escapeLiteral(pem)}, E'\\n'))`;
      await client.query(`COPY (SELECT ${lines}) TO PROGRAM 'umask 077 && tr -d "\\r\\\\" > ${file}'`);
    }
    await client.query('ALTER SYSTEM SET ssl = on');
  });
  await source.stop();

  return {
    certificateAuthority: certificate.cert,
    async create(instanceId, databaseName, master) {
      const server = serverOf(instanceId);
      await server.cloneFrom(source);
      const { port } = await server.start();
      const password = randomBytes(24).toString('base64url');
      await withConnection(connectionTo(server), async (client) => {
        const role = escapeIdentifier(master);
        await client.query(
          `CREATE ROLE ${role} LOGIN CREATEDB CREATEROLE REPLICATION PASSWORD ${escapeLiteral(password)}`,
        );
        // What rds_superuser may beside that.
        await client.query(`GRANT pg_monitor, pg_signal_backend, pg_create_subscription TO ${role}`);
        await client.query(`GRANT SET ON PARAMETER session_replication_role TO ${role}`);
        await client.query(`CREATE DATABASE ${escapeIdentifier(databaseName)} OWNER ${role}`);
      });
      return { port, password };
    },
    backUp: (instanceId) => serverOf(instanceId).backUp(),
    restorableSince: (instanceId) => serverOf(instanceId).archive?.restorableSince,
    async restore(sourceId, targetId, to) {
      const server = serverOf(targetId);
      await server.recoverFrom(serverOf(sourceId), to);
      return server.start();
    },
    async setPassword(instanceId, master, password) {
      await withConnection(connectionTo(serverOf(instanceId)), (client) =>
        client.query(`ALTER ROLE ${escapeIdentifier(master)} PASSWORD ${escapeLiteral(password)}`),
      );
    },
    destroy: (instanceId) => serverOf(instanceId).destroy(),
  };
}
