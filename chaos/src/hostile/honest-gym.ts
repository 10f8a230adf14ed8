import { setTimeout as sleep } from 'node:timers/promises';
import type { CollaborationClient, DocumentSession } from '@kyong/collaboration/client';
import type { Deed, Kind } from './deeds.ts';
import { type Person, signIn } from './people.ts';
import { steadily } from './steadily.ts';
import { type Gym, homeIn, type Town } from './town.ts';

/** What a busy gym does in a second. */
const perSecond = { signIns: 2, reads: 20, edits: 10, cursors: 10 };
/** Of the sign-ins one in so many is by SMS. */
const smsEvery = 60;
const smsPeople = 8;
const peopleOfHome = 2;
/** Half a minute, and some for the first of them to have come. */
const resendMilliseconds = 32_000;
/** Where its staff are. */
const desks = 3;
/** An edit that takes so long is lost for who waits for it. */
const patienceMilliseconds = 10_000;

/** Its block of numbers: 10,000 people, of whom a few are its own. */
const phone = (n: number) => `+88695512${String(n).padStart(4, '0')}`;
const email = (n: number) => `person-${n}@iron-house.example`;

/** A gym whose people sign in from where they are known, whose staff edit a document together and look things up. */
export class HonestGym implements AsyncDisposable {
  readonly deeds: Deed[] = [];
  signIns = 0;
  failedSignIns = 0;
  readonly gym: Gym;
  readonly #town: Town;
  readonly #people: Person[];
  readonly #phones: Person[];
  readonly #knownSince: number;
  readonly #staff: [CollaborationClient, CollaborationClient];
  readonly #sessions: [DocumentSession, DocumentSession];
  readonly #over = new AbortController();
  #work: Promise<unknown> = Promise.resolve();

  private constructor(parts: {
    town: Town;
    gym: Gym;
    people: Person[];
    phones: Person[];
    knownSince: number;
    staff: [CollaborationClient, CollaborationClient];
    sessions: [DocumentSession, DocumentSession];
  }) {
    this.gym = parts.gym;
    this.#town = parts.town;
    this.#people = parts.people;
    this.#phones = parts.phones;
    this.#knownSince = parts.knownSince;
    this.#staff = parts.staff;
    this.#sessions = parts.sessions;
  }

  /** @param size how many people it has, who all have signed in once before, from two to an address. */
  static async open(town: Town, size: number): Promise<HonestGym> {
    const home = homeIn(town.honestCallers);
    const people = Array.from({ length: size }, (_, n) => ({
      to: email(n),
      caller: home(Math.floor(n / peopleOfHome)),
    }));
    const phones = Array.from({ length: smsPeople }, (_, n) => ({ to: phone(n), caller: home(n) }));
    // The first to come back is the first to have come: a person waits half a minute for another code.
    const coming = [...phones, ...people].reverse();
    const knownSince = performance.now();
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let next = coming.pop(); next; next = coming.pop()) await signIn(next, { purpose: 'login' });
      }),
    );
    const owner = { to: 'owner@iron-house.example', caller: town.honestCallers.at(0) };
    const gym = await town.openGym('iron-house', owner);
    const staff = [town.client(gym.token), town.client(gym.token)] as const;
    const sessions = await Promise.all(staff.map((client) => client.open(gym.documentId)));
    await Promise.all(sessions.map((session) => session.synced()));
    return new HonestGym({
      ...{ town, gym, people, phones, knownSince },
      staff: [...staff],
      sessions: sessions as [DocumentSession, DocumentSession],
    });
  }

  /** What anybody could know of its people. */
  get addresses(): string[] {
    return this.#people.map(({ to }) => to);
  }

  /** How many homes they sign in from. */
  get homes(): number {
    return Math.ceil(this.#people.length / peopleOfHome);
  }

  get phone(): string {
    return phone(0);
  }

  /** Begins a day's work, which goes on until the gym closes. */
  work(): void {
    const { signal } = this.#over;
    this.#work = Promise.all([
      this.untilKnown().then(() =>
        steadily({ perSecond: perSecond.signIns, signal }, (n) => this.#signIn(n)),
      ),
      steadily({ perSecond: perSecond.reads, signal }, (n) => this.#read(n)),
      steadily({ perSecond: perSecond.edits, signal }, (n) => this.#edit(n)),
      steadily({ perSecond: perSecond.cursors, signal }, (n) => this.#move(n)),
    ]);
  }

  /** A code is sent again after half a minute; from then on its people sign in. */
  async untilKnown(): Promise<void> {
    await sleep(Math.max(0, this.#knownSince + resendMilliseconds - performance.now()));
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#work;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    for (const client of this.#staff) client.close();
  }

  async #signIn(n: number): Promise<void> {
    const isBySms = n % smsEvery === 0;
    const among = isBySms ? this.#phones : this.#people;
    const person = among[(isBySms ? n / smsEvery : n) % among.length] as Person;
    this.signIns += 1;
    await signIn(person, this.gym, (deed) => this.deeds.push(deed)).catch(() => {
      this.failedSignIns += 1;
    });
  }

  async #read(n: number): Promise<void> {
    const { documentId, tenantId, token } = this.gym;
    const paths = [
      '/api/collaboration/documents',
      `/api/collaboration/documents/${documentId}`,
      '/api/auth/me',
      '/api/otp/log?limit=20',
      `/tenants/${tenantId}`,
    ];
    await this.#timed('read', async () => {
      const path = paths[n % paths.length] as string;
      const { status, body } = await this.#town.honestCallers.at(n % desks).request('GET', path, { token });
      if (status !== 200) throw new Error(`${path}: ${status} ${body?.code}`);
    });
  }

  /** Told when it has arrived at the other one. */
  async #edit(n: number): Promise<void> {
    const [one, other] = this.#sessions;
    const place = `n${n % 50}`;
    await this.#timed('edit', async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const heard = () => {
        if (other.doc.getMap('work').get(place) === n) resolve();
      };
      other.doc.getMap('work').observe(heard);
      one.doc.getMap('work').set(place, n);
      await inTime(promise, 'edit').finally(() => other.doc.getMap('work').unobserve(heard));
    });
  }

  async #move(n: number): Promise<void> {
    const [one, other] = this.#sessions;
    await this.#timed('cursor', async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const heard = () => {
        const state = other.awareness.getStates().get(one.doc.clientID) as { n?: number } | undefined;
        // A later one says all the same.
        if ((state?.n ?? -1) >= n) resolve();
      };
      other.awareness.on('change', heard);
      one.awareness.setLocalState({ n });
      await inTime(promise, 'cursor').finally(() => other.awareness.off('change', heard));
    });
  }

  async #timed(kind: Kind, task: () => Promise<void>): Promise<void> {
    const at = performance.now();
    const done = (failure?: string) =>
      this.deeds.push({
        ...{ kind, at, milliseconds: performance.now() - at },
        ...(failure !== undefined && { failure }),
      });
    await task().then(
      () => done(),
      (error: Error) => done(error.message),
    );
  }
}

async function inTime(done: Promise<void>, what: string): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: did not arrive`)), patienceMilliseconds);
  await Promise.race([done, promise]).finally(() => clearTimeout(timer));
}
