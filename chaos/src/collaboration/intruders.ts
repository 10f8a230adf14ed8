import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createPool, type Pool, withConnection } from '@kyong/postgres';
import type { WebSocket } from 'ws';
import { pick, type Random } from '../random.ts';
import { enterRawSocket } from './raw-socket.ts';
import type { World } from './world.ts';

type Watch = (text: unknown) => void;

/** How long an answer to a frame that asks for none, or gets none, is waited for. */
const answerMilliseconds = 20;

/** Somebody of gym-a who writes the frames of Socket.IO by hand. */
export class RawIntruder {
  readonly #world: World;
  readonly #token: string;
  readonly #watch: Watch;
  #socket: WebSocket | undefined;
  #isAccepted = false;

  constructor(world: World, token: string, watch: Watch) {
    this.#world = world;
    this.#token = token;
    this.#watch = watch;
  }

  /** @returns whether it was let do it. */
  async attempt(random: Random, documentId: string): Promise<boolean> {
    const socket = await this.#open();
    this.#isAccepted = false;
    const id = JSON.stringify(documentId);
    const own = JSON.stringify(this.#token);
    const frames = [
      `42/gym-b,0["document:join",{"documentId":${id}}]`,
      `42/tenant:gym-b,0["document:join",{"documentId":${id}}]`,
      `40/gym-b,{"token":${own}}`,
      `40{"token":${own},"tenant":"gym-b","tenantId":"gym-b"}`,
      `420["document:join",{"documentId":${id}},{"tenantId":"gym-b"}]`,
      `420["document:join",{"documentId":${id},"actor":{"tenantId":"gym-b"}}]`,
      `420["document:join",{"documentId":${id},"__proto__":{"tenantId":"gym-b"}}]`,
      `420["document:sync",{"documentId":${id}}]`,
      `42["document:update",{"documentId":${id},"seq":1}]`,
      `42["presence:joined",{"documentId":${id},"user":{"id":"x"}}]`,
      `43["document:join",{"documentId":${id}}]`,
      `44["document:join",{"documentId":${id}}]`,
    ];
    socket.send(pick(frames, random));
    await sleep(answerMilliseconds);
    return this.#isAccepted;
  }

  close(): void {
    this.#socket?.terminate();
  }

  async #open(): Promise<WebSocket> {
    if (this.#socket?.readyState === this.#socket?.OPEN && this.#socket) return this.#socket;
    const socket = await enterRawSocket(this.#world, this.#token);
    socket.on('message', (data: Buffer) => {
      this.#watch(data);
      if (data.includes('"ok":true')) this.#isAccepted = true;
    });
    this.#socket = socket;
    return socket;
  }
}

/** What a login of gym-a must not be let do, on the server it shares with gym-b. */
const statements = [
  'SET ROLE gym_b_app',
  'SET ROLE gym_b__rights',
  'SET SESSION AUTHORIZATION gym_b_app',
  'GRANT gym_b__rights TO gym_a_app',
  'GRANT CONNECT ON DATABASE gym_b TO gym_a_app',
  'CREATE DATABASE copy_of_gym_b TEMPLATE gym_b',
  'ALTER DATABASE gym_b RENAME TO mine',
  "ALTER ROLE gym_b_app PASSWORD 'mine'",
  'CREATE ROLE another LOGIN',
  'CREATE EXTENSION dblink',
  'CREATE EXTENSION postgres_fdw',
  'SELECT * FROM gym_b.public.documents',
  'SELECT rolpassword FROM pg_authid',
  "SELECT pg_read_file('postgresql.auto.conf')",
  "SELECT pg_ls_dir('base')",
  "COPY documents TO PROGRAM 'cat'",
  "COPY documents FROM '/etc/passwd'",
  "SELECT lo_import('/etc/passwd')",
  "SELECT pg_create_logical_replication_slot('mine', 'pgoutput')",
  "CREATE SUBSCRIPTION mine CONNECTION 'dbname=gym_b' PUBLICATION all_of_it",
  "ALTER SYSTEM SET log_statement = 'all'",
];

/** Somebody who has the password of gym-a's database. */
export class SqlIntruder implements AsyncDisposable {
  readonly #tenants: Record<string, Connection>;
  readonly #pool: Pool;
  readonly #watch: Watch;

  constructor(tenants: Record<string, Connection>, watch: Watch) {
    this.#tenants = tenants;
    this.#watch = watch;
    this.#pool = createPool(this.#own, { maxConnections: 1, idleTimeoutSeconds: 60 }, () => {});
  }

  /** @returns whether it was let do it. */
  async attempt(random: Random): Promise<boolean> {
    if (random() < 0.1) return this.#enter(random);
    // Who else is there may be seen; what they say may not.
    if (random() < 0.1) this.#watch((await this.#pool.query('SELECT query FROM pg_stat_activity')).rows);
    try {
      this.#watch((await this.#pool.query(pick(statements, random))).rows);
      return true;
    } catch {
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }

  get #own(): Connection {
    return this.#tenants['gym-a'] as Connection;
  }

  async #enter(random: Random): Promise<boolean> {
    const users = [this.#own.user, 'gym_b_app', 'gym_b__rights', 'postgres'];
    const connection = { ...this.#own, database: 'gym_b', user: pick(users, random) };
    try {
      await withConnection(connection, async (client) => {
        this.#watch((await client.query('SELECT * FROM documents')).rows);
      });
      return true;
    } catch {
      return false;
    }
  }
}
