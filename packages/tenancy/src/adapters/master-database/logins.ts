import type { Pool } from '@kyong/postgres';
import type { TenancyStore } from '../../ports.ts';
import { heldWrite } from './held.ts';

type Logins = Pick<TenancyStore, 'switchLogin' | 'switchLoginBack' | 'forgetPreviousLogin'>;

/** Which login services use. Role and secret change in one statement: nobody reads the one of old with the other of new. */
export function logins(pool: Pool): Logins {
  const write = heldWrite(pool);
  return {
    switchLogin: (claim, { roleName, secretRef }) =>
      write(
        claim,
        `tenant AS (
           UPDATE tenants t
              SET previous_role = t.database_role, previous_secret_ref = t.secret_ref,
                  database_role = $3, secret_ref = $4, updated_at = now()
             FROM held WHERE t.id = held.tenant_id AND t.previous_role IS NULL
         )`,
        [roleName, secretRef],
      ),

    switchLoginBack: (claim) =>
      write(
        claim,
        `tenant AS (
           UPDATE tenants t
              SET database_role = t.previous_role, secret_ref = t.previous_secret_ref,
                  previous_role = NULL, previous_secret_ref = NULL, updated_at = now()
             FROM held WHERE t.id = held.tenant_id AND t.previous_role IS NOT NULL
         )`,
      ),

    forgetPreviousLogin: (claim) =>
      write(
        claim,
        `tenant AS (
           UPDATE tenants t
              SET previous_role = NULL, previous_secret_ref = NULL, secret_changed_at = now(), updated_at = now()
             FROM held WHERE t.id = held.tenant_id
         )`,
      ),
  };
}
