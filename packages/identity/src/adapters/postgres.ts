import { type Pool, writeRefusal } from '@kyong/postgres';
import type { IdentityStore } from '../ports.ts';
import { endingSessions } from './postgres/ending-sessions.ts';
import { erasePerson } from './postgres/erase-person.ts';
import { changeMembership } from './postgres/memberships.ts';
import { findPerson } from './postgres/people.ts';
import { rotateSession } from './postgres/sessions.ts';
import { SignInBatches } from './postgres/sign-in-batches.ts';

/** People, their roles and their sessions in the master database. */
export function postgresIdentityStore(pool: Pool): IdentityStore {
  const signIns = new SignInBatches(pool);
  return {
    signIn: (address, session) => signIns.signIn(address, session),
    findPerson: (userId) => findPerson(pool, userId),
    rotateSession: (rotation) => rotateSession(pool, rotation),
    ...endingSessions(pool),
    changeMembership: (change, decide) => changeMembership(pool, change, decide),
    erasePerson: (erasure) => erasePerson(pool, erasure),
    recordRefusal: ({ actorId, ...attempt }, refused) =>
      writeRefusal(pool, { ...attempt, actor: actorId, refused }),
  };
}
