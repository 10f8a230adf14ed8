import type { Pool } from '@kyong/postgres';
import type { IdentityStore } from '../ports.ts';
import { changeMembership } from './postgres/memberships.ts';
import { findPerson } from './postgres/people.ts';
import { changeSession, revokeSession, signIn } from './postgres/sessions.ts';

/** People, their roles and their sessions in the master database. */
export function postgresIdentityStore(pool: Pool): IdentityStore {
  return {
    signIn: (address, session) => signIn(pool, address, session),
    findPerson: (userId) => findPerson(pool, userId),
    changeSession: (sessionId, now, decide) => changeSession(pool, sessionId, now, decide),
    revokeSession: (sessionId, now) => revokeSession(pool, sessionId, now),
    changeMembership: (change, decide) => changeMembership(pool, change, decide),
  };
}
