import {
  CreateDBInstanceCommand,
  type CreateDBInstanceCommandInput,
  DBInstanceAlreadyExistsFault,
  DescribeDBEngineVersionsCommand,
} from '@aws-sdk/client-rds';
import type { Plan } from '@kyong/contracts';
import { withConnection } from '@kyong/postgres';
import { OperationRefused } from '../../operation.ts';
import { plans } from '../../plan.ts';
import type { DatabaseReservation } from '../../tenant.ts';
import { adoptWarmDatabase } from '../adopt-warm-database.ts';
import { masterConnection } from './admin-connection.ts';
import { refusalOf } from './faults.ts';
import { findInstance, findOwnInstance, isOwn, tagInstance, tagsOf } from './instance.ts';
import type { RdsOptions } from './options.ts';
import { instanceSettings, planSettings, windowSettings } from './settings.ts';
import { databaseState } from './state.ts';

/** Asks for the instance, or finds that an earlier call did. @throws {OperationRefused} */
export async function createInstance(reservation: DatabaseReservation, options: RdsOptions): Promise<void> {
  if (reservation.warmId !== undefined && (await adoptInstance(reservation, options))) return;
  const input = instanceRequest(reservation, await defaultVersion(options), options);
  try {
    await options.rds.send(new CreateDBInstanceCommand(input));
  } catch (error) {
    // Looked at whatever the fault: an earlier call whose answer was lost may have taken the last of a quota.
    const instance = await findInstance(reservation, options);
    if (!instance) throw refusalOf(error) ?? error;
    if (isOwn(instance, reservation, options.stage)) {
      const state = databaseState(instance);
      if (state.state === 'failed') throw new OperationRefused(state.reason);
      return;
    }
    if (!(error instanceof DBInstanceAlreadyExistsFault)) throw error;
    throw new OperationRefused(
      "A database server of this name exists and is not this tenant's. Choose another name, or have an operator look into it.",
    );
  }
}

/** Gives a warm instance to its tenant: by tags, then by the name of the database. False when there is none. */
async function adoptInstance(reservation: DatabaseReservation, options: RdsOptions): Promise<boolean> {
  const instance = await findOwnInstance(reservation, options);
  if (!instance) return false;
  await tagInstance(instance, reservation, options);
  const admin = await masterConnection(reservation, options);
  await withConnection({ ...admin, database: 'postgres' }, (client) =>
    adoptWarmDatabase(client, reservation),
  );
  return true;
}

/** Its schema is no part of it: RDS makes the database empty. */
export async function instanceVariant(plan: Plan, options: RdsOptions): Promise<string> {
  const { instanceClass, allocatedStorageGibibytes } = plans[plan];
  const version = await defaultVersion(options);
  return `${plan}: PostgreSQL ${version} on ${instanceClass} with ${allocatedStorageGibibytes} GiB`;
}

/** The minor version RDS gives to those who name none. RDS closes old minors to new instances, so none stands here. */
async function defaultVersion({ rds, postgresMajorVersion }: RdsOptions): Promise<string> {
  const { DBEngineVersions } = await rds.send(
    new DescribeDBEngineVersionsCommand({
      Engine: 'postgres',
      EngineVersion: String(postgresMajorVersion),
      DefaultOnly: true,
    }),
  );
  const version = DBEngineVersions?.[0]?.EngineVersion;
  if (!version) {
    throw new OperationRefused(
      `RDS has no PostgreSQL ${postgresMajorVersion} in this region. An operator has to choose another major version.`,
    );
  }
  return version;
}

function instanceRequest(
  reservation: DatabaseReservation,
  engineVersion: string,
  options: RdsOptions,
): CreateDBInstanceCommandInput {
  return {
    DBInstanceIdentifier: reservation.instanceId,
    DBName: reservation.databaseName,
    Engine: 'postgres',
    EngineVersion: engineVersion,
    ...instanceSettings(options),
    ...planSettings(reservation.plan),
    AllocatedStorage: plans[reservation.plan].allocatedStorageGibibytes,
    StorageEncrypted: true,
    KmsKeyId: options.kmsKeyId,
    MasterUsername: masterUsername,
    ManageMasterUserPassword: true,
    MasterUserSecretKmsKeyId: options.kmsKeyId,
    ...windowSettings,
    Tags: tagsOf(reservation, options.stage),
  };
}

/** At most 16 letters and digits; not `postgres`, so that nobody takes it for a superuser: RDS gives none away. */
const masterUsername = 'kyo';
