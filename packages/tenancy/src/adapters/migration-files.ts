import { join } from 'node:path';

/** SQL files of a tenant's database. */
export const tenantMigrations = join(import.meta.dirname, '../../migrations/tenant');
