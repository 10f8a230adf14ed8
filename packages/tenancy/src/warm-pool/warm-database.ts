import type { Placement, Plan } from '@kyong/contracts';
import { type DatabaseReservation, databaseNames, labelOf } from '../tenant.ts';

/** A database, with its server where it is to have one of its own, that waits for a tenant. */
export interface WarmDatabase {
  /** Stands where a tenant's id would, in names and tags; it begins with a digit, as no tenantId does. */
  id: string;
  plan: Plan;
  placement: Placement;
  instanceId: string;
  /** See `DatabaseHost.variantOf`. */
  variant: string;
  /** `requested`: nothing may be there yet. `starting`: asked for. `ready`: a tenant may take it. `draining`: being destroyed. */
  status: 'requested' | 'starting' | 'ready' | 'draining';
  createdAt: Date;
}

/** Of the plans that have any: how many databases are kept ready for the next tenants. */
export type WarmPoolSizes = Partial<Record<Plan, number>>;

export interface WarmPoolStore {
  /** Runs `task`, unless somebody else does that: false then. */
  whileFillingPool(task: () => Promise<void>): Promise<boolean>;
  /** Those that are ready first, older ones before newer ones. */
  findWarmDatabases(): Promise<WarmDatabase[]>;
  addWarmDatabase(warm: Omit<WarmDatabase, 'status' | 'createdAt'>): Promise<WarmDatabase>;
  /** False when a tenant has taken it. */
  setWarmStatus(id: string, status: WarmDatabase['status']): Promise<boolean>;
  /** Nothing is left of it. */
  forgetWarmDatabase(id: string): Promise<void>;
}

export const newWarmId = (): string => labelOf(crypto.randomUUID());

/** As if it were a tenant's: hosts make no difference. It has neither roles nor a secret before it is one's. */
export function warmReservation({
  id,
  plan,
  placement,
  instanceId,
}: Pick<WarmDatabase, 'id' | 'plan' | 'placement' | 'instanceId'>): DatabaseReservation {
  return { tenantId: id, plan, placement, instanceId, ...databaseNames(id), secretRef: '' };
}

/** What the database that a tenant has taken over is called until it bears the tenant's name. */
export function formerName({ warmId }: DatabaseReservation): string | undefined {
  return warmId === undefined ? undefined : databaseNames(warmId).databaseName;
}
