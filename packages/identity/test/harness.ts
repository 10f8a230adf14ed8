import { join } from 'node:path';
import type { Pool } from '@kyong/postgres';
import { createTestDatabase, TestClock } from '@kyong/testing';
import { decodeJwt } from 'jose';
import { postgresIdentityStore } from '../src/adapters/postgres.ts';
import { createSigningKey, loadSigningKeys } from '../src/adapters/signing-keys.ts';
import { type Identity, signIn } from '../src/index.ts';

const migrations = join(import.meta.dirname, '..', '..', 'tenancy', 'migrations', 'master');
const registered = { issuer: 'https://kyo.test', audience: 'kyo' };

export async function createHarness() {
  const clock = new TestClock();
  const { pool } = await createTestDatabase(migrations);
  const keys = [await createSigningKey(clock.now())];
  const signer = await loadSigningKeys(keys, { ...registered, now: clock.now });
  const identity: Identity = { store: postgresIdentityStore(pool), signer, now: clock.now };
  return {
    clock,
    pool,
    identity,
    signIn: (email: string, tenantId?: string) =>
      signIn(identity, { address: { channel: 'email', value: email }, purpose: 'login', tenantId }),
  };
}

export async function createTenant(pool: Pool, id: string): Promise<void> {
  await pool.query(
    `INSERT INTO tenants (id, name, plan, placement, status, region, owner_id)
     VALUES ($1, $1, 'free', 'shared', 'active', 'ap-northeast-1', 'test')`,
    [id],
  );
}

export async function addMember(pool: Pool, tenantId: string, userId: string, role: string): Promise<void> {
  await pool.query('INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, $3)', [
    tenantId,
    userId,
    role,
  ]);
}

/** The claims that say who, where, as what and for what. */
export function claimsOf(accessToken: string) {
  const { sub, tenant, roles, scope } = decodeJwt(accessToken);
  return { sub, tenant, roles, scope };
}
