import { announce, hostOf, targetOf } from './context.ts';
import { done, type Step } from './step.ts';
import { takeRestored } from './swap-restored.ts';

/** Takes a restored database away; the live one is as it was all along. */
export const discardRestored: Step[] = [
  takeRestored,
  {
    name: 'destroy-restored',
    mustSucceed: true,
    async run(claim, ports) {
      // Run again after a crash, it may be forgotten already.
      if (claim.second) {
        await hostOf(targetOf(claim), ports).destroy(targetOf(claim), 'undo');
        await ports.store.forgetTarget(claim);
      }
      return done();
    },
  },
  announce('TenantRestoreDiscarded'),
];
