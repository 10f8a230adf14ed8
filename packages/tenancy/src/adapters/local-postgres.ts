import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  defaultArchiveLimits,
  PostgresServer,
  type PostgresSettings,
  superuser,
} from '@kyong/embedded-servers';
import { escapeIdentifier, withConnection } from '@kyong/postgres';
import type { AdminConnection, DatabaseHost } from '../ports.ts';
import { assertRoom, type Quota } from '../quota.ts';
import type { Resource } from '../resource.ts';
import type { DatabaseReservation } from '../tenant.ts';
import { adoptWarmDatabase } from './adopt-warm-database.ts';
import { localWindow, refuseTooEarly } from './restore/local-window.ts';
import { takeOverRestored } from './restore/take-over.ts';
import { ensureTemplate, newestTemplate } from './shared-postgres.ts';
import { dropTenantObject, listTenantObjects, tenantObjectsOf } from './tenant-objects.ts';

export interface LocalPostgresOptions {
  directory: string;
  /** Folder of the server that tenants' are copied from. */
  prepared: string;
  /** How many servers this machine is asked to carry at most. */
  maxServers: number;
  settings: PostgresSettings;
}

/** A tenant's own server on the laptop is small: it shares the machine with all the others. */
export const tenantServerSettings: PostgresSettings = {
  maxConnections: 60,
  sharedBuffersMegabytes: 16,
  archive: defaultArchiveLimits,
};

export interface LocalPostgres extends DatabaseHost {
  /** Makes the server that tenants' are copied from, ahead of the first tenant. */
  prepare(): Promise<void>;
  /** Starts those of these servers that are not running; answers with where each is now. */
  startAll(instanceIds: string[]): Promise<Map<string, { host: string; port: number }>>;
  /** Takes the base backups that are due, one after the other. @throws {AggregateError} of those that could not be. */
  backUp(now: Date): Promise<void>;
  /** Stops every tenant server; the data stays. */
  stopAll(): Promise<void>;
  /** @throws {Error} when a server that was started here does not run any more. */
  checkHealth(): Promise<void>;
}

/**
 * A real PostgreSQL server for each tenant: own data directory, port and password. A new one is a copy of a prepared
 * server that already holds the newest schema, which is several times faster than initdb.
 */
export function localPostgres({
  directory,
  prepared: preparedDirectory,
  maxServers,
  settings,
}: LocalPostgresOptions): LocalPostgres {
  const serversDirectory = join(directory, 'tenants');
  const serverOf = (instanceId: string) => new PostgresServer(join(serversDirectory, instanceId), settings);
  const instanceIds = () =>
    existsSync(serversDirectory) ? readdirSync(serversDirectory).filter((name) => !name.includes('.')) : [];
  /** Says whose a server is that was prepared ahead, for its name does not. */
  const ownerFileOf = (folder: string) => join(serversDirectory, folder, 'tenant');
  const ownerOf = (folder: string) =>
    existsSync(ownerFileOf(folder)) ? readFileSync(ownerFileOf(folder), 'utf8') : ownerByName(folder);
  const started = new Set<string>();
  const turns = new Map<string, Promise<unknown>>();
  /** One thing at a time to a server: none is started again while it is taken away. */
  function inTurn<T>(instanceId: string, task: () => Promise<T>): Promise<T> {
    const turn = (turns.get(instanceId) ?? Promise.resolve()).then(task, task);
    turns.set(instanceId, turn);
    return turn;
  }

  let prepared: Promise<Prepared> | undefined;

  function ready(): Promise<Prepared> {
    prepared ??= prepare(preparedDirectory, settings).catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  }

  const serversQuota = (used: number): Quota => ({
    name: 'tenant servers',
    used,
    limit: maxServers,
    remedy: 'Choose the free plan, or offboard a tenant.',
  });

  const adminConnection = (reservation: DatabaseReservation): AdminConnection => ({
    ...serverOf(reservation.instanceId).endpoint,
    database: reservation.databaseName,
  });

  /** The copy brings the newest schema in its template database; here it becomes the tenant's. */
  async function ensureDatabase(reservation: DatabaseReservation, template: string): Promise<void> {
    const admin = { ...adminConnection(reservation), database: 'postgres' };
    const name = escapeIdentifier(reservation.databaseName);
    await withConnection(admin, async (client) => {
      if (!(await adoptWarmDatabase(client, reservation)))
        await client.query(`ALTER DATABASE ${escapeIdentifier(template)} RENAME TO ${name}`);
      await client.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true IS_TEMPLATE false`);
    });
  }

  return {
    async prepare() {
      await ready();
    },

    chooseInstance: async ({ tenantId, label }) => ['kyo', label, tenantId].filter(Boolean).join('-'),

    // All are of one size.
    variantOf: async () => (await ready()).template,

    async checkQuota({ instanceId }) {
      const others = instanceIds().filter((id) => id !== instanceId);
      assertRoom([{ quota: serversQuota(others.length), amount: 1 }], 1);
    },

    quotas: async () => [serversQuota(instanceIds().length)],

    async create(reservation) {
      const { source, template } = await ready();
      const server = serverOf(reservation.instanceId);
      await server.cloneFrom(source);
      if (reservation.warmId !== undefined)
        writeFileSync(ownerFileOf(reservation.instanceId), reservation.tenantId);
      await server.start();
      started.add(reservation.instanceId);
      await ensureDatabase(reservation, template);
    },

    async describe({ instanceId, databaseName }) {
      const server = serverOf(instanceId);
      if (!server.exists) return { state: 'absent' };
      const { host, port } = await server.start();
      const { rows } = await withConnection({ ...server.endpoint, database: databaseName }, (client) =>
        client.query<{ version: string }>("SELECT current_setting('server_version') AS version"),
      );
      return { state: 'available', endpoint: { host, port, engineVersion: rows[0]?.version ?? '' } };
    },

    adminConnection: async (reservation) => adminConnection(reservation),

    restorableWindow: async ({ instanceId }, now) => localWindow(serverOf(instanceId), now),

    async restoreBeside(source, target, to) {
      const [live, restored] = [serverOf(source.instanceId), serverOf(target.instanceId)];
      if (!restored.exists) refuseTooEarly(live, to);
      await restored.recoverFrom(live, to);
      const endpoint = await restored.start();
      started.add(target.instanceId);
      await takeOverRestored({ ...endpoint, database: 'postgres' }, source, target);
      return { done: true, detail: 'a server of its own' };
    },

    async backUp(now) {
      const faults: unknown[] = [];
      for (const instanceId of started) {
        // One that cannot be backed up keeps none of the others from it.
        await serverOf(instanceId)
          .backUpIfDue(now)
          .catch((error: unknown) => faults.push(error));
      }
      if (faults.length > 0) throw new AggregateError(faults, 'Some servers could not be backed up.');
    },
    // A laptop's servers are all of one size; what a plan changes here is the role.
    resize: async () => ({ done: true, detail: 'servers here are of one size' }),

    destroy: ({ instanceId }) =>
      inTurn(instanceId, async () => {
        started.delete(instanceId);
        await serverOf(instanceId).destroy();
      }),

    resourcesOf: (reservation, logins) => [
      { kind: 'server', name: reservation.instanceId, tenantId: reservation.tenantId },
      ...tenantObjectsOf(reservation, logins),
    ],

    async remove(resource) {
      const [name = ''] = resource.name.split('/');
      const server = serverOf(name);
      if (resource.kind === 'server') {
        await inTurn(name, () => server.destroy());
      } else if (resource.kind === 'leftover-files') {
        rmSync(join(serversDirectory, name), { recursive: true, force: true });
      } else {
        await withConnection({ ...server.endpoint, database: 'postgres' }, (client) =>
          dropTenantObject(client, resource),
        );
      }
    },

    async list(tenantId) {
      const found: Resource[] = [];
      for (const folder of existsSync(serversDirectory) ? readdirSync(serversDirectory) : []) {
        const [instanceId = '', ...rest] = folder.split('.');
        const owner = ownerOf(folder);
        if (owner === undefined || (tenantId !== undefined && owner !== tenantId)) continue;
        if (rest.length > 0) {
          found.push({ kind: 'leftover-files', name: folder, tenantId: owner });
          continue;
        }
        const server = serverOf(instanceId);
        found.push({ kind: 'server', name: instanceId, tenantId: owner });
        if (!server.isReady) continue;
        const inside = await withConnection({ ...server.endpoint, database: 'postgres' }, (client) =>
          listTenantObjects(client, instanceId),
        );
        found.push(...inside);
      }
      return found;
    },

    async startAll(instanceIds) {
      const addresses = new Map<string, { host: string; port: number }>();
      for (const instanceId of instanceIds) {
        const { host, port } = await inTurn(instanceId, () => serverOf(instanceId).start());
        started.add(instanceId);
        addresses.set(instanceId, { host, port });
      }
      return addresses;
    },

    async checkHealth() {
      const dead = [...started].filter((instanceId) => !serverOf(instanceId).isRunning);
      if (dead.length > 0) throw new Error(`${dead.length} tenant servers do not run.`);
    },

    async stopAll() {
      started.clear();
      await Promise.all(instanceIds().map((instanceId) => serverOf(instanceId).stop()));
    },
  };
}

/**
 * The tenant of a server: a second one of a tenant has its label in the name, which begins with a digit. One that was prepared
 * ahead bears the id of its own.
 */
function ownerByName(folder: string): string | undefined {
  return /^kyo-(?:(?:0[0-9a-f]{8}-)?([a-z][^.]*)|(0[0-9a-f]{8}))(?:\.|$)/
    .exec(folder)
    ?.slice(1)
    .find(Boolean);
}

interface Prepared {
  source: PostgresServer;
  /** Name of its template database. */
  template: string;
}

/** The server that others are copied from: initialised once, with the newest schema in a template database; then stopped. */
async function prepare(directory: string, settings: PostgresSettings): Promise<Prepared> {
  // Its past is nobody's: a server copied from it begins one of its own.
  const { archive: _, ...withoutArchive } = settings;
  const server = new PostgresServer(directory, withoutArchive);
  // Written once the server has stopped: with it, nothing has to be started to know what is in there.
  const note = join(directory, 'template');
  const template = newestTemplate();
  if (existsSync(note) && readFileSync(note, 'utf8') === template) return { source: server, template };
  await server.initialise();
  rmSync(note, { force: true });
  const { host, port, password } = await server.start();
  try {
    await ensureTemplate({ host, port, user: superuser, password, database: 'postgres' });
  } finally {
    await server.stop();
  }
  writeFileSync(note, template);
  return { source: server, template };
}
