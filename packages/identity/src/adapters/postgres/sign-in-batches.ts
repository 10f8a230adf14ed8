import type { Pool } from '@kyong/postgres';
import type { Address } from '../../address.ts';
import type { Entry, NewSession } from '../../ports.ts';
import { acceptInvitation, endsSeenOf, membershipsOf } from './people.ts';
import { type EntryRow, signIn, toEntry } from './sessions.ts';

interface SignIn {
  address: Address;
  session: NewSession;
  resolve: (entry: Entry | Promise<Entry>) => void;
  reject: (error: unknown) => void;
}

/** Statements under way at one time; who comes meanwhile shares the next one. */
const maxUnderWay = 2;
const maxBatch = 100;

/** Opens the sessions of everybody whose address is known; the others are missing from the answer. */
const statement = `
  WITH holder AS (
    SELECT entry.*, user_id
    FROM json_to_recordset($1) AS entry (address text, session_id uuid, bound_tenant_id text, scope text, token_hash text,
                                         family_hash text, created_at timestamptz, expires_at timestamptz)
    JOIN user_addresses USING (address)
  ),
  opened AS (
    INSERT INTO sessions (id, user_id, tenant_id, bound_tenant_id, scope, token_hash, family_hash, created_at, last_used_at,
                          expires_at)
    SELECT session_id, holder.user_id, memberships.tenant_id, bound_tenant_id, scope, decode(token_hash, 'hex'),
           decode(family_hash, 'hex'), holder.created_at, holder.created_at, expires_at
    FROM holder
    LEFT JOIN memberships ON memberships.user_id = holder.user_id AND memberships.tenant_id = bound_tenant_id
  ),
  accepted AS (${acceptInvitation('holder', 'holder.user_id', 'bound_tenant_id', 'holder.created_at')})
  SELECT session_id, user_id, platform_admin, ${membershipsOf('holder.user_id', 'bound_tenant_id')} AS tenants,
         ${endsSeenOf('holder.user_id', 'bound_tenant_id')} AS ends_seen
  FROM holder JOIN users ON users.id = user_id`;

/**
 * Signs people in, all who come while a statement is under way with one statement after it: under load a sign-in then
 * costs a fraction of a round trip, and without load it waits for nobody. A person's first sign-in makes them, alone.
 */
export class SignInBatches {
  readonly #pool: Pool;
  #waiting: SignIn[] = [];
  #underWay = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  signIn(address: Address, session: NewSession): Promise<Entry> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ address, session, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#underWay >= maxUnderWay || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, maxBatch);
    this.#underWay += 1;
    void this.#run(batch).finally(() => {
      this.#underWay -= 1;
      this.#next();
    });
  }

  async #run(batch: SignIn[]): Promise<void> {
    try {
      const entries = await this.#signInKnown(batch);
      for (const { address, session, resolve } of batch)
        resolve(entries.get(session.id) ?? signIn(this.#pool, address, session));
    } catch (error) {
      if (batch.length === 1 || !isOfOneRow(error)) for (const { reject } of batch) reject(error);
      // One of them spoiled it for all, such as somebody who is deleted just now: each alone.
      else for (const { address, session, resolve } of batch) resolve(signIn(this.#pool, address, session));
    }
  }

  async #signInKnown(batch: SignIn[]): Promise<Map<string, Entry>> {
    const entries = batch.map(({ address, session }) => ({
      address: address.value,
      session_id: session.id,
      bound_tenant_id: session.boundTenantId,
      scope: session.scope,
      token_hash: session.tokenHash.toString('hex'),
      family_hash: session.familyHash.toString('hex'),
      created_at: session.createdAt,
      expires_at: session.expiresAt,
    }));
    const { rows } = await this.#pool.query<EntryRow & { session_id: string }>({
      name: 'sign-in-batch',
      text: statement,
      values: [JSON.stringify(entries)],
    });
    return new Map(rows.map((row) => [row.session_id, toEntry(row)]));
  }
}

/** Whether a row broke a rule of the database (SQLSTATE class 23), and not the database itself. */
function isOfOneRow(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith('23');
}
