import type { Placement, Plan } from '@kyong/contracts';
import { OperationRefused } from '../operation.ts';
import type { Claim, CopyEnds, InstanceWish, Ports } from '../ports.ts';
import { type DatabaseReservation, databaseNames, labelOf } from '../tenant.ts';
import { hostOf, reservationOf, targetOf } from './context.ts';
import {
  checkQuota,
  createDatabase,
  ensureAppRole,
  migrate,
  ownDatabase,
  switchToTarget,
  targetDatabase,
  waitUntilAvailable,
} from './database-steps.ts';
import { done, type Step } from './step.ts';

const pollSeconds = 2;
/** A gym's database is copied in minutes; the source keeps its log for the copy all that time. */
const copyAtMostSeconds = 6 * 3600;
/** The tenant is shut out from `close-source` to `open-target`: neither of what is waited for between may take longer. */
const catchUpAtMostSeconds = 15;
const compareAtMostSeconds = 30;
const attemptsInPause = 2;

/** Where a tenant goes. */
export interface Destination {
  plan: Plan;
  placement: Placement;
  wish: Pick<InstanceWish, 'instanceId' | 'except'>;
}

/**
 * Takes a tenant to a database elsewhere: a copy is made that keeps up with the original, then the original is closed, the
 * copy compared with it, and put in its place. Until then nothing has changed for the tenant, and every failure leads back.
 */
export function relocate(destinationOf: (claim: Claim) => Destination): Step[] {
  return [
    {
      name: 'reserve-target',
      async run(claim, ports) {
        const { plan, placement, wish } = destinationOf(claim);
        const { id: tenantId } = claim.tenant;
        const label = labelOf(claim.operation.id);
        if (!claim.second) {
          await ports.store.reserveTarget(claim, {
            tenantId,
            plan,
            placement,
            instanceId: await ports.hosts[placement].chooseInstance({ tenantId, label, ...wish }),
            ...databaseNames(tenantId, label),
            secretRef: reservationOf(claim).secretRef,
          });
        }
        return done(placement === 'dedicated' ? 'a server of its own' : 'a database on a shared server');
      },
      async undo(claim, ports) {
        await ports.store.forgetTarget(claim);
      },
    },
    checkQuota(targetDatabase),
    createDatabase(targetDatabase),
    waitUntilAvailable(targetDatabase),
    {
      name: 'create-app-role',
      async run(claim, ports) {
        await ensureAppRole(targetOf(claim), ports);
        // Nobody writes to the copy before it has taken the original's place.
        await close(targetOf(claim), ports);
        return done();
      },
    },
    migrate(ownDatabase, 'migrate-source'),
    migrate(targetDatabase, 'migrate-target'),
    {
      name: 'start-copy',
      async run(claim, ports) {
        await ports.copies.start(await endsOf(claim, ports));
        return done();
      },
      async undo(claim, ports) {
        await ports.copies.stop(await endsOf(claim, ports));
      },
    },
    {
      name: 'wait-until-copied',
      waitAtMostSeconds: copyAtMostSeconds,
      async run(claim, ports) {
        const { complete, detail } = await ports.copies.progress(await endsOf(claim, ports));
        return complete ? done(detail) : { done: false, afterSeconds: pollSeconds, detail };
      },
    },
    {
      name: 'close-source',
      async run(claim, ports) {
        return done(`${await close(reservationOf(claim), ports)} connections ended`);
      },
      async undo(claim, ports) {
        await open(reservationOf(claim), ports);
      },
    },
    {
      name: 'catch-up',
      attempts: attemptsInPause,
      async run(claim, ports) {
        // Once more, for one who was just coming in.
        await close(reservationOf(claim), ports);
        if (await ports.copies.catchUp(await endsOf(claim, ports), catchUpAtMostSeconds)) return done();
        throw new OperationRefused(
          `The copy did not catch up within ${catchUpAtMostSeconds} seconds. The tenant stays where it is; try again when it is less busy.`,
        );
      },
    },
    {
      name: 'compare',
      attempts: attemptsInPause,
      async run(claim, ports) {
        const { tables, rows, differences } = await ports.copies.compare(
          await endsOf(claim, ports),
          compareAtMostSeconds,
        );
        if (differences.length === 0) return done(`${rows} rows in ${tables} tables, the same in both`);
        const list = differences.map(
          ({ table, sourceRows, targetRows }) =>
            `${table} (${sourceRows ?? 'no'} rows, ${targetRows ?? 'no'} copied)`,
        );
        throw new OperationRefused(
          `The copy is not the same as the original: ${list.join(', ')}. The tenant stays where it is. An operator has to look into it.`,
        );
      },
    },
    switchToTarget,
    {
      name: 'open-target',
      mustSucceed: true,
      async run(claim, ports) {
        await open(reservationOf(claim), ports);
        const closedAt = claim.operation.steps.find(({ name }) => name === 'close-source')?.startedAt;
        const seconds = closedAt ? (ports.now().getTime() - closedAt.getTime()) / 1000 : 0;
        return done(`write pause ${seconds.toFixed(2)} s`);
      },
    },
    {
      name: 'end-copy',
      mustSucceed: true,
      async run(claim, ports) {
        await ports.copies.stop(await endsOf(claim, ports));
        return done();
      },
    },
  ];
}

async function close(reservation: DatabaseReservation, ports: Ports): Promise<number> {
  const admin = await hostOf(reservation, ports).adminConnection(reservation);
  return ports.database.closeRole(admin, reservation.roleName);
}

async function open(reservation: DatabaseReservation, ports: Ports): Promise<void> {
  const admin = await hostOf(reservation, ports).adminConnection(reservation);
  await ports.database.openRole(admin, reservation.roleName);
}

/** From the original to the copy, whichever of them the tenant lives in now. */
async function endsOf(claim: Claim, ports: Ports): Promise<CopyEnds> {
  if (!claim.second) throw new Error(`Operation ${claim.operation.id} has no second database.`);
  const { state, reservation: second } = claim.second;
  const first = reservationOf(claim);
  const [original, copy] = state === 'target' ? [first, second] : [second, first];
  return {
    name: `${copy.databaseName}_copy`,
    source: await hostOf(original, ports).adminConnection(original),
    target: await hostOf(copy, ports).adminConnection(copy),
  };
}
