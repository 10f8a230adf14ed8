import type { DeletionProof } from '@kyong/contracts';
import type { Departure } from '../departure.ts';
import { OperationRefused } from '../operation.ts';
import type { Claim, Ports } from '../ports.ts';
import type { Resource } from '../resource.ts';
import { announce, reservationOf } from './context.ts';
import { done, type Step } from './step.ts';

/** Destroys everything of a tenant that has left, and proves it. From its second step on there is no way back. */
export const erase: Step[] = [
  {
    name: 'check-grace',
    async run(claim, ports) {
      const { eraseAfter } = await departureOf(claim, ports);
      // Somebody may have let the tenant back in and offboarded it again meanwhile.
      if (!eraseAfter || eraseAfter > ports.now())
        throw new OperationRefused('The tenant can still come back. It is erased when its time is over.');
      return done();
    },
  },
  {
    name: 'take-inventory',
    mustSucceed: true,
    async run(claim, ports) {
      const { inventory } = await departureOf(claim, ports);
      if (inventory) return done();
      const resources = await resourcesOf(claim.tenant.id, ports);
      await ports.store.recordInventory(claim, resources);
      return done(`${resources.length} things`);
    },
  },
  {
    name: 'destroy-databases',
    mustSucceed: true,
    async run(claim, ports) {
      for (const { reservation } of await ports.store.findSecondDatabases(claim.tenant.id)) {
        await ports.hosts[reservation.placement].destroy(reservation, 'undo');
      }
      const { placement } = reservationOf(claim);
      await ports.hosts[placement].destroy(reservationOf(claim), 'offboard');
      return done();
    },
  },
  {
    name: 'delete-secrets',
    mustSucceed: true,
    async run(claim, ports) {
      const refs = await ports.secrets.list(claim.tenant.id);
      for (const ref of refs) await ports.secrets.delete(ref);
      return done();
    },
  },
  {
    name: 'forget-tenant',
    mustSucceed: true,
    async run(claim, ports) {
      await ports.store.forgetTenant(claim);
      return done();
    },
  },
  {
    name: 'prove',
    mustSucceed: true,
    async run(claim, ports) {
      const departure = await departureOf(claim, ports);
      if (departure.proof) return done();
      const found = await resourcesOf(claim.tenant.id, ports);
      const left = found.filter(({ kind }) => !keptKinds.has(kind));
      if (left.length > 0) {
        throw new Error(`Still there: ${left.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`);
      }
      const proof = proofOf(departure, found, ports);
      await ports.store.closeBooks(claim, proof);
      return done(`${proof.destroyed.length} things are gone`);
    },
  },
  announce('TenantOffboarded'),
];

/** What outlives a tenant, for a while: what it takes with it, and what the host keeps for the worst case. */
const keptKinds: ReadonlySet<Resource['kind']> = new Set<Resource['kind']>(['archive', 'snapshot']);

const daySeconds = 86_400;
/** What services remember in Redis, which is not reached from here: each sees to its end, and this is when it comes at last. */
const remembered = [
  { what: 'edits of shared documents, and who had them open', seconds: 2 * daySeconds },
  { what: 'how many messages were sent in the month', seconds: 32 * daySeconds },
  { what: 'one-time passwords that could not be delivered, sealed', seconds: 60 * daySeconds },
];

async function departureOf({ tenant }: Claim, ports: Ports): Promise<Departure> {
  const departure = await ports.store.findDeparture(tenant.id);
  if (!departure) throw new OperationRefused('The tenant has not been offboarded.');
  return departure;
}

/** Everything of one tenant there is anywhere. */
async function resourcesOf(tenantId: string, { hosts, secrets, archives }: Ports): Promise<Resource[]> {
  const named = (kind: Resource['kind'], names: string[]) => names.map((name) => ({ kind, name, tenantId }));
  return [
    ...(await hosts.dedicated.list(tenantId)),
    ...(await hosts.shared.list(tenantId)),
    ...named('secret', await secrets.list(tenantId)),
    ...named('archive', await archives.list(tenantId)),
  ];
}

function proofOf(
  { inventory, forgottenRows }: Departure,
  found: Resource[],
  { now, lifecycle: { finalSnapshotDays } }: Ports,
): DeletionProof {
  const erasedAt = now();
  const view = ({ kind, name }: Resource) => ({ kind, name });
  const hasSnapshot = found.some(({ kind }) => kind === 'snapshot');
  const snapshotsEnd =
    hasSnapshot && finalSnapshotDays !== null
      ? [{ what: 'the last snapshot of its database server', seconds: (finalSnapshotDays + 1) * daySeconds }]
      : [];
  const destroyed = (inventory ?? []).filter(({ kind }) => !keptKinds.has(kind));
  return {
    erasedAt: erasedAt.toISOString(),
    destroyed: destroyed.map(view),
    rows: forgottenRows,
    kept: found.map(view),
    expiring: [...remembered, ...snapshotsEnd].map(({ what, seconds }) => ({
      what,
      goneBy: new Date(erasedAt.getTime() + seconds * 1000).toISOString(),
    })),
  };
}
