import { join } from 'node:path';
import type { Pool } from '@kyong/postgres';
import type { TenancyStore } from '../../ports.ts';
import { audit } from './audit.ts';
import { claims } from './claims.ts';
import { departures } from './departures.ts';
import { due } from './due.ts';
import { endedAccess } from './ended-access.ts';
import { idle } from './idle.ts';
import { logins } from './logins.ts';
import { queries } from './queries.ts';
import { requests } from './requests.ts';
import { retention } from './retention.ts';
import { secondDatabases } from './second-databases.ts';
import { warmPool } from './warm-pool.ts';

/** SQL files of the master database, `kyo_system_master`. */
export const masterMigrations = join(import.meta.dirname, '../../../migrations/master');

/** The master database: every tenant, every operation. */
export function createMasterDatabase(pool: Pool): TenancyStore {
  return {
    ...requests(pool),
    ...queries(pool),
    ...claims(pool),
    ...secondDatabases(pool),
    ...logins(pool),
    ...departures(pool),
    ...due(pool),
    ...audit(pool),
    ...endedAccess(pool),
    ...retention(pool),
    ...idle(pool),
    ...warmPool(pool),
  };
}

export { auditSecurityEvents } from './audit.ts';
export { createFleetMigrations } from './fleet-migrations.ts';
export { createInspections } from './inspections.ts';
export { createLastEdits } from './last-edits.ts';
export { createEventOutbox } from './outbox.ts';
export {
  ensureProgramLogin,
  grantToPrograms,
  nextLoginName,
  otherLogins,
  type ProgramLogin,
} from './programs.ts';
export { type Program, programs, rights } from './rights.ts';
export { beginRotation, endRotation, type KeptLogin } from './rotation.ts';
