import { adminConnectionOf, reservationOf } from './context.ts';
import { done, type Step } from './step.ts';

const pollSeconds = 1;
/** Seconds are enough when the service of shared documents runs. */
const waitAtMostSeconds = 600;

export const saveEditsStep = 'save-edits';

/**
 * What people have edited together in the last seconds is not in the tenant's database yet. Waits until the service that has
 * it says that all of it is; people are shut out by then, the service is not.
 */
export const saveEdits: Step = {
  name: saveEditsStep,
  waitAtMostSeconds,
  async run(claim, ports) {
    if (await ports.store.areEditsSaved(claim)) return done();
    const admin = await adminConnectionOf(claim, ports);
    if (!(await ports.database.hasDocuments(admin))) return done('no shared documents');
    // That of a suspended tenant is closed, and may have edits waiting since then.
    await ports.database.openRole(admin, reservationOf(claim).roleName);
    return {
      done: false,
      afterSeconds: pollSeconds,
      detail: 'waiting for the edits of shared documents to be saved',
    };
  },
  async undo(claim, ports) {
    await ports.database.closeRole(await adminConnectionOf(claim, ports), reservationOf(claim).roleName);
  },
};
