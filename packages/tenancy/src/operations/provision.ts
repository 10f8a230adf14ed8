import { OperationRefused } from '../operation.ts';
import { plans } from '../plan.ts';
import type { Claim, DatabaseHost, Ports } from '../ports.ts';
import { type DatabaseReservation, databaseNames } from '../tenant.ts';
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
          instanceId: await ports.hosts[tenant.placement].chooseInstance(tenant.id),
          ...databaseNames(tenant.id),
          secretRef: `tenants/${tenant.id}/database`,
        });
      }
      return done(tenant.placement === 'dedicated' ? 'a server of its own' : 'a database on a shared server');
    },
  },
  {
    name: 'check-quota',
    async run(claim, ports) {
      await host(claim, ports).checkQuota(reservation(claim));
      return done();
    },
  },
  {
    name: 'create-database',
    async run(claim, ports) {
      await host(claim, ports).create(reservation(claim));
      return done();
    },
    async undo(claim, ports) {
      await host(claim, ports).destroy(reservation(claim), 'undo');
    },
  },
  {
    name: 'wait-until-available',
    waitAtMostSeconds,
    async run(claim, ports) {
      const database = await host(claim, ports).describe(reservation(claim));
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
      const { roleName, secretRef, plan } = reservation(claim);
      // The password is kept before the role has it: a crash between the two loses nothing.
      const password = await ports.secrets.ensure(secretRef);
      const admin = await host(claim, ports).adminConnection(reservation(claim));
      await ports.database.ensureRole(admin, {
        name: roleName,
        password,
        connectionLimit: plans[plan].connectionLimit,
      });
      return done();
    },
    async undo(claim, ports) {
      // The role itself goes with the database.
      await ports.secrets.delete(reservation(claim).secretRef);
    },
  },
  {
    name: 'migrate',
    async run(claim, ports) {
      const admin = await host(claim, ports).adminConnection(reservation(claim));
      const version = await ports.database.migrate(admin, reservation(claim).roleName);
      await ports.store.recordSchemaVersion(claim, version);
      return done(version);
    },
  },
  {
    name: 'seed',
    async run(claim, ports) {
      const admin = await host(claim, ports).adminConnection(reservation(claim));
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
  {
    name: 'announce',
    mustSucceed: true,
    async run(claim, ports) {
      const { tenant, operation } = claim;
      await ports.store.announce(claim, {
        type: 'TenantProvisioned',
        eventId: crypto.randomUUID(),
        occurredAt: ports.now().toISOString(),
        tenantId: tenant.id,
        operationId: operation.id,
        plan: tenant.plan,
      });
      return done();
    },
  },
];

function reservation({ tenant }: Claim): DatabaseReservation {
  if (!tenant.reservation) throw new Error(`Tenant ${tenant.id} has no reservation.`);
  return tenant.reservation;
}

function host(claim: Claim, ports: Ports): DatabaseHost {
  return ports.hosts[reservation(claim).placement];
}
