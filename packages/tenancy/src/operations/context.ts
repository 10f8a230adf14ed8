import type { TenantEvent } from '@kyong/contracts';
import type { AdminConnection, Claim, DatabaseHost, Ports } from '../ports.ts';
import type { DatabaseReservation } from '../tenant.ts';
import type { Step } from './step.ts';

/** What steps have in common: where the tenant's database is, and who answers for that kind of place. */
export function reservationOf({ tenant }: Claim): DatabaseReservation {
  if (!tenant.reservation) throw new Error(`Tenant ${tenant.id} has no reservation.`);
  return tenant.reservation;
}

/** The second database, while it is being made. */
export function targetOf({ operation, second }: Claim): DatabaseReservation {
  if (second?.state !== 'target') throw new Error(`Operation ${operation.id} has no target.`);
  return second.reservation;
}

export function hostOf({ placement }: DatabaseReservation, ports: Ports): DatabaseHost {
  return ports.hosts[placement];
}

export function adminConnectionOf(claim: Claim, ports: Ports): Promise<AdminConnection> {
  const reservation = reservationOf(claim);
  return hostOf(reservation, ports).adminConnection(reservation);
}

type EventOf<T extends TenantEvent['type']> = Extract<TenantEvent, { type: T }>;
type Details<T extends TenantEvent['type']> = Omit<
  EventOf<T>,
  'type' | 'eventId' | 'occurredAt' | 'tenantId' | 'operationId' | 'plan'
>;
type Finished = Exclude<TenantEvent, { reason: string }>['type'];

export function eventOf<T extends TenantEvent['type']>(
  type: T,
  { tenant, operation }: Claim,
  occurredAt: Date,
  details: Details<T>,
): TenantEvent {
  const envelope = {
    type,
    eventId: crypto.randomUUID(),
    occurredAt: occurredAt.toISOString(),
    tenantId: tenant.id,
    operationId: operation.id,
    plan: tenant.plan,
  };
  return { ...envelope, ...details } as unknown as TenantEvent;
}

/** The last step of every operation: the world is told, through the outbox, when all of it is so. */
export function announce<T extends Finished>(
  type: T,
  detailsOf: (claim: Claim) => Details<T> = () => ({}) as Details<T>,
): Step {
  return {
    name: 'announce',
    mustSucceed: true,
    async run(claim, ports) {
      return { done: true, event: eventOf(type, claim, ports.now(), detailsOf(claim)) };
    },
  };
}
