import { OperationRefused } from '../operation.ts';
import { plans } from '../plan.ts';
import type { Claim, DatabaseHost, Ports } from '../ports.ts';
import type { DatabaseEndpoint, DatabaseReservation } from '../tenant.ts';
import { hostOf, reservationOf, targetOf } from './context.ts';
import { done, type Step } from './step.ts';

const pollSeconds = 15;
/** RDS takes 5 to 15 minutes for an instance, longer with a standby; an hour means something is wrong. */
const waitAtMostSeconds = 3600;

/** Which of the tenant's databases a step works on, and where what becomes of it is written down. */
interface Subject {
  reservationOf(claim: Claim): DatabaseReservation;
  recordEndpoint(claim: Claim, ports: Ports, endpoint: DatabaseEndpoint): Promise<void>;
  recordSchemaVersion(claim: Claim, ports: Ports, version: string): Promise<void>;
}

/** The database the tenant lives in. */
export const ownDatabase: Subject = {
  reservationOf,
  recordEndpoint: (claim, { store }, endpoint) => store.recordEndpoint(claim, endpoint),
  recordSchemaVersion: (claim, { store }, version) => store.recordSchemaVersion(claim, version),
};

/** The one the operation makes beside it. */
export const targetDatabase: Subject = {
  reservationOf: targetOf,
  recordEndpoint: (claim, { store }, endpoint) => store.recordTargetEndpoint(claim, endpoint),
  recordSchemaVersion: (claim, { store }, version) => store.recordTargetSchemaVersion(claim, version),
};

const hostFor = (subject: Subject, claim: Claim, ports: Ports): DatabaseHost =>
  hostOf(subject.reservationOf(claim), ports);

export function checkQuota(subject: Subject): Step {
  return {
    name: 'check-quota',
    async run(claim, ports) {
      await hostFor(subject, claim, ports).checkQuota(subject.reservationOf(claim));
      return done();
    },
  };
}

export function createDatabase(subject: Subject): Step {
  return {
    name: 'create-database',
    async run(claim, ports) {
      const reservation = subject.reservationOf(claim);
      await hostFor(subject, claim, ports).create(reservation);
      return done(reservation.warmId === undefined ? undefined : 'prepared ahead');
    },
    async undo(claim, ports) {
      await hostFor(subject, claim, ports).destroy(subject.reservationOf(claim), 'undo');
    },
  };
}

export function waitUntilAvailable(subject: Subject): Step {
  return {
    name: 'wait-until-available',
    waitAtMostSeconds,
    async run(claim, ports) {
      const database = await hostFor(subject, claim, ports).describe(subject.reservationOf(claim));
      switch (database.state) {
        case 'available':
          await subject.recordEndpoint(claim, ports, database.endpoint);
          return done(`PostgreSQL ${database.endpoint.engineVersion}`);
        case 'creating':
          return { done: false, afterSeconds: pollSeconds, detail: database.detail };
        case 'failed':
          throw new OperationRefused(database.reason);
        case 'absent':
          throw new OperationRefused('The database disappeared while it was being created. Try again.');
      }
    },
  };
}

/** Gives the role of the services its password and its limit; both may have changed. */
export async function ensureAppRole(
  reservation: DatabaseReservation,
  ports: Ports,
  connectionLimit = plans[reservation.plan].connectionLimit,
): Promise<void> {
  // The password is kept before the role has it: a crash between the two loses nothing.
  const password = await ports.secrets.ensure(reservation.secretRef);
  const admin = await hostOf(reservation, ports).adminConnection(reservation);
  await ports.database.ensureRole(admin, { name: reservation.roleName, password, connectionLimit });
}

export function migrate(subject: Subject, name = 'migrate'): Step {
  return {
    name,
    async run(claim, ports) {
      const reservation = subject.reservationOf(claim);
      const admin = await hostFor(subject, claim, ports).adminConnection(reservation);
      const version = await ports.database.migrate(admin, reservation.roleName);
      await subject.recordSchemaVersion(claim, ports, version);
      return done(version);
    },
  };
}

/** Puts the target in the place of the tenant's database, which is kept for a while. Both are closed. */
export const switchToTarget: Step = {
  name: 'switch',
  async run(claim, ports) {
    const keepUntil = new Date(ports.now().getTime() + ports.lifecycle.keepPreviousSeconds * 1000);
    await ports.store.switchToTarget(claim, keepUntil);
    return done(`the former database is kept until ${keepUntil.toISOString()}`);
  },
  async undo(claim, ports) {
    // The target is closed still: nothing has been written to it that the other does not have.
    await ports.store.switchBack(claim);
  },
};
