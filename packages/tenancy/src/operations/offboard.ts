import { adminConnectionOf, eventOf } from './context.ts';
import { assertFitsOneStep } from './one-step.ts';
import { saveEdits } from './save-edits.ts';
import { done, type Step } from './step.ts';
import { closeDatabase } from './suspend.ts';

const remedy = 'Delete what the export need not hold and try again, or leave the tenant suspended.';

/**
 * Shuts a tenant out, exports its data to the last edit, and sets the time after which everything of it is destroyed
 * (`erase`). That wait is no part of this operation: as long as it lasts, another one can bring the tenant back.
 */
export const offboard: Step[] = [
  saveEdits,
  closeDatabase(),
  {
    name: 'export',
    async run(claim, ports) {
      const { id: tenantId, name } = claim.tenant;
      const before = await ports.store.findDeparture(tenantId);
      const admin = await adminConnectionOf(claim, ports);
      await assertFitsOneStep(admin, ports, remedy);
      const about = { tenantId, name, exportedAt: ports.now() };
      const ref = archiveRef(tenantId, claim.operation.id);
      let rows = 0;
      const file = await ports.archives.save(ref, async (output) => {
        const { tables } = await ports.database.export(admin, about, output);
        rows = tables.reduce((sum, table) => sum + table.rows, 0);
      });
      await ports.store.recordArchive(claim, { ref, rows, ...file, exportedAt: about.exportedAt });
      // Of an offboarding that was given up.
      if (before && before.archive.ref !== ref) await ports.archives.delete(before.archive.ref);
      return done(`${rows} rows, ${file.bytes} bytes`);
    },
    async undo(claim, ports) {
      await ports.archives.delete(archiveRef(claim.tenant.id, claim.operation.id));
      await ports.store.cancelDeparture(claim);
    },
  },
  {
    name: 'schedule-erasure',
    mustSucceed: true,
    async run(claim, ports) {
      const departure = await ports.store.findDeparture(claim.tenant.id);
      const eraseAfter =
        departure?.eraseAfter ??
        new Date(ports.now().getTime() + ports.lifecycle.offboardGraceSeconds * 1000);
      await ports.store.scheduleErasure(claim, eraseAfter);
      return done(`after ${eraseAfter.toISOString()}`);
    },
  },
  {
    name: 'announce',
    mustSucceed: true,
    async run(claim, ports) {
      const { eraseAfter } = (await ports.store.findDeparture(claim.tenant.id)) ?? {};
      if (!eraseAfter) throw new Error(`Tenant ${claim.tenant.id} has no time to be erased at.`);
      const details = { eraseAfter: eraseAfter.toISOString() };
      return { done: true, event: eventOf('TenantOffboarding', claim, ports.now(), details) };
    },
  },
];

const archiveRef = (tenantId: string, operationId: string) => `${tenantId}/${operationId}.tar`;
