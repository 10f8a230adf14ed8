import { databaseNames } from '../tenant.ts';
import { adminConnectionOf, announce, reservationOf } from './context.ts';
import {
  checkQuota,
  createDatabase,
  ensureAppRole,
  migrate,
  ownDatabase,
  waitUntilAvailable,
} from './database-steps.ts';
import { done, type Step } from './step.ts';

/** Gives a new tenant its database and opens it. */
export const provision: Step[] = [
  {
    name: 'reserve',
    async run(claim, ports) {
      const { tenant } = claim;
      if (!tenant.reservation) {
        await ports.store.reserveDatabase(claim, {
          tenantId: tenant.id,
          plan: tenant.plan,
          placement: tenant.placement,
          instanceId: await ports.hosts[tenant.placement].chooseInstance({ tenantId: tenant.id }),
          ...databaseNames(tenant.id),
          secretRef: `tenants/${tenant.id}/database`,
        });
      }
      return done(tenant.placement === 'dedicated' ? 'a server of its own' : 'a database on a shared server');
    },
    async undo(claim, ports) {
      await ports.store.releaseDatabase(claim);
    },
  },
  checkQuota(ownDatabase),
  createDatabase(ownDatabase),
  waitUntilAvailable(ownDatabase),
  {
    name: 'create-app-role',
    async run(claim, ports) {
      await ensureAppRole(reservationOf(claim), ports);
      return done();
    },
    async undo(claim, ports) {
      // The role itself goes with the database.
      await ports.secrets.delete(reservationOf(claim).secretRef);
    },
  },
  migrate(ownDatabase),
  {
    name: 'seed',
    async run(claim, ports) {
      const admin = await adminConnectionOf(claim, ports);
      await ports.database.seed(admin, { tenantId: claim.tenant.id, name: claim.tenant.name });
      return done();
    },
  },
  {
    name: 'activate',
    mustSucceed: true,
    async run(claim, ports) {
      await ports.store.activate(claim);
      return done();
    },
  },
  announce('TenantProvisioned'),
];
