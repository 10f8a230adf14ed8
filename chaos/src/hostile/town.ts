import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CollaborationClient } from '@kyong/collaboration/client';
import { PlatformProcess } from '@kyong/testing/platform-process';
import type { Stage } from '../fault.ts';
import { Callers } from './callers.ts';
import { type Person, signIn } from './people.ts';

export interface Gym {
  tenantId: string;
  /** Of its owner; good for a quarter of an hour. */
  token: string;
  /** One that is in use. */
  documentId: string;
}

/** Where honest people are, and a person's home there: each is in a /24 of its own. */
export const honestNetwork = '127.10';
export const homeIn = (callers: Callers) => (n: number) => callers.inNetwork(1 + n);

/** What the hostile know and have: no more than anybody could find out. */
export interface Target {
  port: number;
  /** The gym they want to harm, and the addresses of people of it. */
  victim: { tenantId: string; addresses: string[]; phone: string; homes: number };
  /** Their own. */
  gym: Gym & { largeDocumentId: string };
}

/** `npm start -- --limits production` with two gyms, of which one is honest. */
export class Town implements AsyncDisposable {
  readonly #process: PlatformProcess;
  readonly honestCallers: Callers;

  private constructor(started: PlatformProcess) {
    this.#process = started;
    this.honestCallers = new Callers(started.port, honestNetwork);
  }

  static async start({ directory }: Stage): Promise<Town> {
    // Entered, not listed, by the account PostgreSQL runs under when we are root.
    chmodSync(directory, 0o711);
    const args = ['--no-dashboard', '--limits', 'production'];
    return new Town(await PlatformProcess.start(join(directory, 'data'), args));
  }

  get port(): number {
    return this.#process.port;
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  /** Mebibytes of memory the process has. */
  async memory(): Promise<number> {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(this.#process.child.pid)]);
    return Math.round(Number(stdout) / 1024);
  }

  /** A gym with one document. */
  async openGym(tenantId: string, owner: Person): Promise<Gym> {
    const { accessToken, refreshToken } = await signIn(owner, { purpose: 'signup' });
    const body = { tenantId, plan: 'free' };
    const provisioned = await owner.caller.request('POST', '/provision-tenant', { token: accessToken, body });
    if (provisioned.status !== 202)
      throw new Error(`${tenantId} was refused: ${JSON.stringify(provisioned.body)}`);
    const { status, error } = await this.#process.operationEnd(provisioned.body.operationId);
    if (status !== 'succeeded') throw new Error(`${tenantId} was not provisioned: ${status}, ${error}`);
    const session = await owner.caller.request('POST', '/api/auth/refresh', {
      body: { refreshToken, tenantId },
    });
    const token = session.body.accessToken as string;
    return { tenantId, token, documentId: await this.createDocument(owner, token) };
  }

  async createDocument({ caller }: Person, token: string): Promise<string> {
    const created = await caller.request('POST', '/api/collaboration/documents', {
      token,
      body: { kind: 'course_planning', title: 'A plan' },
    });
    if (created.status !== 201) throw new Error(`No document: ${JSON.stringify(created.body)}`);
    return created.body.documentId;
  }

  /** Our own client. */
  client(token: string): CollaborationClient {
    return new CollaborationClient(`http://127.0.0.1:${this.port}`, {
      getToken: async () => token,
      socket: { transports: ['websocket'] },
    });
  }

  /** Characters, each somewhere else, in a part without a schema: what is dearest to read and write for its size. */
  async fill({ token }: Gym, documentId: string, edits: number): Promise<void> {
    const client = this.client(token);
    const { doc, ...session } = await opened(client, documentId);
    const text = doc.getText('free');
    for (let n = 0, place = 1; n < edits; ) {
      doc.transact(() => {
        for (const end = n + 5_000; n < end; n++) {
          place = (place * 48_271) % 2_147_483_647;
          text.insert(place % (n + 1), 'x');
        }
      });
      while (!session.isSaved()) await sleep(10);
    }
    client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.honestCallers[Symbol.asyncDispose]();
    await this.#process.end('SIGTERM');
  }
}

async function opened(client: CollaborationClient, documentId: string) {
  const session = await client.open(documentId);
  await session.synced();
  return { doc: session.doc, isSaved: () => session.isSaved };
}
