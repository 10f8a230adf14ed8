import type { Pool } from '@kyong/postgres';
import type { IdentityStore } from '../ports.ts';
import { changeMembership } from './postgres/memberships.ts';
import { findPerson } from './postgres/people.ts';
import { changeSession, revokeSession } from './postgres/sessions.ts';
import { SignInBatches } from './postgres/sign-in-batches.ts';

/** People, their roles and their sessions in the master database. */
export function postgresIdentityStore(pool: Pool): IdentityStore {
  const signIns = new SignInBatches(pool);
  return {
    signIn: (address, session) => signIns.signIn(address, session),
    findPerson: (userId) => findPerson(pool, userId),
    changeSession: (sessionId, now, decide) => changeSession(pool, sessionId, now, decide),
    revokeSession: (sessionId, now) => revokeSession(pool, sessionId, now),
    changeMembership: (change, decide) => changeMembership(pool, change, decide),
  };
}
