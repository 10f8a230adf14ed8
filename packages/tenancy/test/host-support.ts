import type { Placement, Plan } from '@kyong/contracts';
import { expect } from 'vitest';
import {
  type DatabaseEndpoint,
  type DatabaseHost,
  type DatabaseReservation,
  databaseNames,
  OperationRefused,
} from '../src/index.ts';
import { newTenantId, planOf } from './support.ts';

/** A reservation for a new tenant; nothing is created. */
export async function reserve(
  host: DatabaseHost,
  placement: Placement,
  plan: Plan = planOf[placement],
): Promise<DatabaseReservation> {
  const tenantId = newTenantId();
  return {
    tenantId,
    plan,
    placement,
    instanceId: await host.chooseInstance({ tenantId }),
    ...databaseNames(tenantId),
    secretRef: `tenants/${tenantId}/database`,
  };
}

/** Waits as an operation does. On the way there is nothing but `creating`. */
export async function untilAvailable(
  host: DatabaseHost,
  reservation: DatabaseReservation,
): Promise<DatabaseEndpoint> {
  for (let looks = 0; looks < 20; looks += 1) {
    const found = await host.describe(reservation);
    if (found.state === 'available') {
      expect(found.endpoint.engineVersion).toMatch(/^\d+\.\d+/);
      return found.endpoint;
    }
    expect(found).toEqual({ state: 'creating', detail: expect.any(String) });
  }
  throw new Error(`${reservation.instanceId} does not become available.`);
}

/** A new tenant's database on a server of its own, available. */
export async function createDedicated(
  host: DatabaseHost,
  plan: Plan = 'basic',
): Promise<DatabaseReservation> {
  const reservation = await reserve(host, 'dedicated', plan);
  await host.create(reservation);
  await untilAvailable(host, reservation);
  return reservation;
}

/** The reason of a refusal, which holds nothing that a tenant must not read. */
export async function refusalOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((caught: unknown) => caught);
  if (!(error instanceof OperationRefused)) throw new Error(`Expected a refusal, got ${String(error)}.`);
  expect(error.message).not.toMatch(/db\.internal|arn:/);
  return error.message;
}
