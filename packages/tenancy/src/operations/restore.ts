import { operationInput, type RestoreReport, type TableComparison } from '@kyong/contracts';
import { OperationRefused } from '../operation.ts';
import type { AdminConnection, Claim, Ports } from '../ports.ts';
import { outsideWindow, restorableWindowOf } from '../restorable-window.ts';
import { databaseNames, labelOf } from '../tenant.ts';
import { adminConnectionOf, announce, hostOf, reservationOf, targetOf } from './context.ts';
import { checkQuota, ensureAppRole, migrate, targetDatabase, waitUntilAvailable } from './database-steps.ts';
import { assertFitsOneStep } from './one-step.ts';
import { done, type Step } from './step.ts';

const pollSeconds = 15;
/** RDS replays the log of up to a day after it has made the instance. */
const restoreAtMostSeconds = 6 * 3600;

const remedy =
  'Promote the tenant to a plan with a server of its own first: from then on any time can be restored, of any size.';

/**
 * Has the tenant's database once more, as it was, beside the one it lives in, and says how they differ. The tenant notices
 * nothing. What is restored is kept until it is swapped or discarded.
 */
export const restore: Step[] = [
  {
    name: 'check-window',
    async run(claim, ports) {
      const window = await restorableWindowOf(claim.tenant, ports);
      const to = timeOf(claim);
      const outside = outsideWindow(window, to);
      if (outside) throw new OperationRefused(outside);
      return done(`to ${to.toISOString()}`);
    },
  },
  {
    name: 'check-size',
    async run(claim, ports) {
      // A server of its own is recovered as a whole, however large.
      if (reservationOf(claim).placement === 'dedicated') return done();
      await assertFitsOneStep(await adminConnectionOf(claim, ports), ports, remedy);
      return done();
    },
  },
  {
    name: 'reserve',
    async run(claim, ports) {
      const live = reservationOf(claim);
      const { id: tenantId } = claim.tenant;
      const label = labelOf(claim.operation.id);
      if (!claim.second) {
        const { placement } = live;
        await ports.store.reserveTarget(claim, {
          ...live,
          // Beside the live one: a shared tenant stays on its server.
          instanceId:
            placement === 'shared'
              ? live.instanceId
              : await ports.hosts[placement].chooseInstance({ tenantId, label }),
          ...databaseNames(tenantId, label),
        });
      }
      return done(live.placement === 'dedicated' ? 'a server of its own' : 'a database on the same server');
    },
    async undo(claim, ports) {
      await ports.store.forgetTarget(claim);
    },
  },
  checkQuota(targetDatabase),
  {
    name: 'restore-beside',
    waitAtMostSeconds: restoreAtMostSeconds,
    async run(claim, ports) {
      const target = targetOf(claim);
      const progress = await hostOf(target, ports).restoreBeside(reservationOf(claim), target, timeOf(claim));
      return progress.done
        ? done(progress.detail)
        : { done: false, afterSeconds: pollSeconds, detail: progress.detail };
    },
    async undo(claim, ports) {
      await hostOf(targetOf(claim), ports).destroy(targetOf(claim), 'undo');
    },
  },
  waitUntilAvailable(targetDatabase),
  {
    name: 'read-schema',
    async run(claim, ports) {
      const schemaVersion = await ports.database.schemaVersion(await targetConnectionOf(claim, ports));
      await ports.store.recordReport(claim, { restoredTo: timeOf(claim).toISOString(), schemaVersion });
      return done(schemaVersion ?? 'none');
    },
  },
  {
    name: 'open-role',
    async run(claim, ports) {
      await ensureAppRole(targetOf(claim), ports);
      return done();
    },
  },
  migrate(targetDatabase),
  {
    name: 'compare',
    async run(claim, ports) {
      const tables = await ports.database.compare(
        await adminConnectionOf(claim, ports),
        await targetConnectionOf(claim, ports),
      );
      const comparedAt = ports.now().toISOString();
      // Written by the step `read-schema` of this operation.
      const report = claim.operation.report as RestoreReport;
      await ports.store.recordReport(claim, { ...report, comparedAt, tables });
      return done(summaryOf(tables));
    },
  },
  {
    name: 'keep',
    mustSucceed: true,
    async run(claim, ports) {
      await ports.store.keepRestored(claim);
      return done('until it is swapped or discarded');
    },
  },
  announce('TenantRestorePrepared'),
];

function timeOf({ operation }: Claim): Date {
  return new Date(operationInput.restore.parse(operation.input).to);
}

function targetConnectionOf(claim: Claim, ports: Ports): Promise<AdminConnection> {
  const target = targetOf(claim);
  return hostOf(target, ports).adminConnection(target);
}

function summaryOf(tables: TableComparison[]): string {
  const differing = tables.filter(({ differingRows }) => differingRows > 0);
  if (differing.length === 0) return `${tables.length} tables, the same in both`;
  const rows = differing.reduce((sum, { differingRows }) => sum + differingRows, 0);
  return `${rows} rows differ, in ${differing.length} of ${tables.length} tables`;
}
