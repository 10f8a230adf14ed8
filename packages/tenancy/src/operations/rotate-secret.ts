import { plans } from '../plan.ts';
import { nextLogin } from '../tenant.ts';
import { adminConnectionOf, announce, reservationOf } from './context.ts';
import { done, type Step, waitedSeconds } from './step.ts';

/**
 * Replaces the password services get in with, while they work: a second login with the same rights is made, services are
 * sent to it, and the first is taken away once nobody needs it any more.
 */
export const rotateSecret: Step[] = [
  {
    name: 'share-rights',
    async run(claim, ports) {
      // The rights of tenants of the first days hang on the login itself.
      await ports.database.shareRights(await adminConnectionOf(claim, ports), reservationOf(claim).roleName);
      return done();
    },
  },
  {
    name: 'create-login',
    async run(claim, ports) {
      const { plan } = reservationOf(claim);
      const { roleName: name, secretRef } = nextLogin(reservationOf(claim));
      // The password is kept before the role has it: a crash between the two loses nothing.
      const password = await ports.secrets.ensure(secretRef);
      const { connectionLimit } = plans[plan];
      const admin = await adminConnectionOf(claim, ports);
      await ports.database.ensureRole(admin, { name, password, connectionLimit });
      return done();
    },
    async undo(claim, ports) {
      const { roleName, secretRef } = nextLogin(reservationOf(claim));
      await ports.database.dropRole(await adminConnectionOf(claim, ports), roleName);
      await ports.secrets.delete(secretRef);
    },
  },
  {
    name: 'switch',
    async run(claim, ports) {
      // Run again after a crash, it finds that it has switched already.
      if (!claim.tenant.previousLogin) await ports.store.switchLogin(claim, nextLogin(reservationOf(claim)));
      return done();
    },
    async undo(claim, ports) {
      await ports.store.switchLoginBack(claim);
    },
  },
  {
    name: 'let-services-follow',
    mustSucceed: true,
    async run(claim, ports) {
      const left = ports.lifecycle.secretGraceSeconds - waitedSeconds(claim, ports, 'let-services-follow');
      if (left <= 0) return done();
      return { done: false, afterSeconds: left, detail: 'both passwords are good for a while' };
    },
  },
  {
    name: 'retire-login',
    mustSucceed: true,
    async run(claim, ports) {
      const { previousLogin } = claim.tenant;
      if (!previousLogin) return done();
      const admin = await adminConnectionOf(claim, ports);
      const ended = await ports.database.dropRole(admin, previousLogin.roleName);
      await ports.secrets.delete(previousLogin.secretRef);
      await ports.store.forgetPreviousLogin(claim);
      return done(`${ended} connections ended`);
    },
  },
  announce('TenantSecretRotated'),
];
