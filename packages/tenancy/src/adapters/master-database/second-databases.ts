import type { Pool } from '@kyong/postgres';
import type { TenancyStore } from '../../ports.ts';
import { heldWrite } from './held.ts';

type SecondDatabases = Pick<
  TenancyStore,
  | 'reserveTarget'
  | 'recordTargetEndpoint'
  | 'recordTargetSchemaVersion'
  | 'switchToTarget'
  | 'switchBack'
  | 'keepRestored'
  | 'takeRestored'
  | 'forgetTarget'
  | 'forgetPrevious'
>;

/** What makes up where a tenant lives, in `tenants` and in `second_databases` alike. */
const place = [
  'plan',
  'placement',
  'instance_id',
  'database_name',
  'database_role',
  'secret_ref',
  'schema_version',
  'engine_version',
  'database_host',
  'database_port',
];
const placeOf = (row: string) => place.map((column) => `${column} = ${row}.${column}`).join(', ');

/** The tenant's place and the record's change places, if the record is in state `$3`; it is in state `$4` afterwards. */
const changePlaces = `
  second AS (
    SELECT s.* FROM second_databases s JOIN held ON s.operation_id = held.id WHERE s.state = $3 FOR UPDATE OF s
  ),
  first AS (
    SELECT t.* FROM tenants t JOIN second ON t.id = second.tenant_id FOR UPDATE OF t
  ),
  tenant AS (
    UPDATE tenants t SET ${placeOf('second')}, updated_at = now() FROM second WHERE t.id = second.tenant_id
  ),
  former AS (
    UPDATE second_databases s SET ${placeOf('first')}, state = $4, keep_until = $5
      FROM first, held WHERE s.operation_id = held.id
  )`;

export function secondDatabases(pool: Pool): SecondDatabases {
  const write = heldWrite(pool);
  return {
    reserveTarget: (claim, reservation) => {
      const { plan, placement, instanceId, databaseName, roleName, secretRef } = reservation;
      return write(
        claim,
        `target AS (
           INSERT INTO second_databases
             (operation_id, tenant_id, state, plan, placement, instance_id, database_name, database_role, secret_ref)
           SELECT id, tenant_id, 'target', $3, $4, $5, $6, $7, $8 FROM held
         )`,
        [plan, placement, instanceId, databaseName, roleName, secretRef],
      );
    },

    recordTargetEndpoint: (claim, { host, port, engineVersion }) =>
      write(
        claim,
        `target AS (
           UPDATE second_databases s SET database_host = $3, database_port = $4, engine_version = $5
             FROM held WHERE s.operation_id = held.id AND s.state = 'target'
         )`,
        [host, port, engineVersion],
      ),

    recordTargetSchemaVersion: (claim, version) =>
      write(
        claim,
        `target AS (
           UPDATE second_databases s SET schema_version = $3
             FROM held WHERE s.operation_id = held.id AND s.state = 'target'
         )`,
        [version],
      ),

    switchToTarget: async (claim, keepUntil) => {
      if (!claim.second?.endpoint)
        throw new Error(`Operation ${claim.operation.id} has no target to switch to.`);
      await write(claim, changePlaces, ['target', 'previous', keepUntil]);
    },

    switchBack: (claim) => write(claim, changePlaces, ['previous', 'target', null]),

    keepRestored: (claim) =>
      write(
        claim,
        `kept AS (
           UPDATE second_databases s SET state = 'restored'
             FROM held WHERE s.operation_id = held.id AND s.state = 'target'
         )`,
      ),

    takeRestored: (claim) =>
      write(
        claim,
        `taken AS (
           UPDATE second_databases s SET state = 'target', operation_id = held.id
             FROM held WHERE s.tenant_id = held.tenant_id AND s.state = 'restored'
         )`,
      ),

    forgetTarget: (claim) =>
      write(
        claim,
        `forgotten AS (
           DELETE FROM second_databases s USING held WHERE s.operation_id = held.id AND s.state = 'target'
         )`,
      ),

    forgetPrevious: (claim, operationId) =>
      write(
        claim,
        `forgotten AS (
           DELETE FROM second_databases s USING held
            WHERE s.operation_id = $3 AND s.tenant_id = held.tenant_id AND s.state = 'previous'
         )`,
        [operationId],
      ),
  };
}
