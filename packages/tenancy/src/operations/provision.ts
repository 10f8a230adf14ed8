import { OperationRefused } from '../operation.ts';
import { plans } from '../plan.ts';
import { databaseNames } from '../tenant.ts';
import { adminConnectionOf, announce, hostOf, reservationOf } from './context.ts';
import { done, type Step } from './step.ts';

const pollSeconds = 15;
/** RDS takes 5 to 15 minutes for an instance, longer with a standby; an hour means something is wrong. */
const waitAtMostSeconds = 3600;

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
  {
    name: 'check-quota',
    async run(claim, ports) {
      await hostOf(claim, ports).checkQuota(reservationOf(claim));
      return done();
    },
  },
  {
    name: 'create-database',
    async run(claim, ports) {
      await hostOf(claim, ports).create(reservationOf(claim));
      return done();
    },
    async undo(claim, ports) {
      await hostOf(claim, ports).destroy(reservationOf(claim), 'undo');
    },
  },
  {
    name: 'wait-until-available',
    waitAtMostSeconds,
    async run(claim, ports) {
      const database = await hostOf(claim, ports).describe(reservationOf(claim));
      switch (database.state) {
        case 'available':
          await ports.store.recordEndpoint(claim, database.endpoint);
          return done(`PostgreSQL ${database.endpoint.engineVersion}`);
        case 'creating':
          return { done: false, afterSeconds: pollSeconds, detail: database.detail };
        case 'failed':
          throw new OperationRefused(database.reason);
        case 'absent':
          throw new OperationRefused(
            'The database disappeared while it was being created. Provision the tenant again.',
          );
      }
    },
  },
  {
    name: 'create-app-role',
    async run(claim, ports) {
      const { roleName, secretRef, plan } = reservationOf(claim);
      // The password is kept before the role has it: a crash between the two loses nothing.
      const password = await ports.secrets.ensure(secretRef);
      const admin = await adminConnectionOf(claim, ports);
      await ports.database.ensureRole(admin, {
        name: roleName,
        password,
        connectionLimit: plans[plan].connectionLimit,
      });
      return done();
    },
    async undo(claim, ports) {
      // The role itself goes with the database.
      await ports.secrets.delete(reservationOf(claim).secretRef);
    },
  },
  {
    name: 'migrate',
    async run(claim, ports) {
      const admin = await adminConnectionOf(claim, ports);
      const version = await ports.database.migrate(admin, reservationOf(claim).roleName);
      await ports.store.recordSchemaVersion(claim, version);
      return done(version);
    },
  },
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
