import type { DatabaseHost } from '../../ports.ts';
import { masterConnection } from './admin-connection.ts';
import { createInstance, instanceVariant } from './create.ts';
import { destroyInstance } from './destroy.ts';
import { endFinalSnapshots } from './final-snapshots.ts';
import { findOwnInstance } from './instance.ts';
import { listResources, removeResource } from './list.ts';
import { instanceIdentifier } from './names.ts';
import type { RdsOptions } from './options.ts';
import { accountQuotas, checkAccountQuota } from './quota.ts';
import { resizeInstance } from './resize.ts';
import { instanceWindow } from './restorable-window.ts';
import { restoreInstanceBeside } from './restore.ts';
import { databaseState } from './state.ts';

export { type RdsOptions, rdsClientDefaults } from './options.ts';
export { rdsBackups } from './restorable-window.ts';
export { rdsServerCopies } from './server-copies.ts';

/**
 * An Amazon RDS instance for each tenant. Whose an instance is, its tags say; what RDS says of it is asked each time:
 * nothing is remembered between calls.
 */
export function rdsPostgres(options: RdsOptions): DatabaseHost {
  if (!/^[a-z][a-z0-9]{0,14}$/.test(options.stage)) {
    throw new Error(
      `Stage "${options.stage}": expected a letter, then lower-case letters and digits, at most 15.`,
    );
  }

  return {
    chooseInstance: async (wish) => instanceIdentifier(options.stage, wish),
    variantOf: (plan) => instanceVariant(plan, options),
    checkQuota: (reservation) => checkAccountQuota(reservation, options),
    quotas: () => accountQuotas(options),
    create: (reservation) => createInstance(reservation, options),
    async describe(reservation) {
      const instance = await findOwnInstance(reservation, options);
      return instance ? databaseState(instance) : { state: 'absent' };
    },
    adminConnection: (reservation) => masterConnection(reservation, options),
    restorableWindow: ({ instanceId }) => instanceWindow(instanceId, options),
    restoreBeside: (source, target, to) => restoreInstanceBeside(source, target, to, options),
    resize: (reservation, time) => resizeInstance(reservation, time, options),
    destroy: (reservation, purpose) => destroyInstance(reservation, purpose, options),
    // What is inside an instance is not looked at: it goes with it.
    resourcesOf: ({ instanceId, tenantId }) => [{ kind: 'server', name: instanceId, tenantId }],
    remove: (resource) => removeResource(resource, options),
    endFinalSnapshots: (before) => endFinalSnapshots(before, options),
    list: (tenantId) => listResources(options, tenantId),
  };
}
