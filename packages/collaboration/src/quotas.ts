import type { Plan } from '@kyong/contracts';

/** How much a gym may keep. */
export interface DocumentQuota {
  documents: number;
  /** Named versions of a document; of those that are kept by themselves as many stay, the newest. */
  versions: number;
  /** Of the gym's whole database. Documents that are there can be edited beyond it: each is of 2 MiB at most. */
  databaseBytes: number;
}

const gibibyte = 1024 ** 3;

export const documentQuotas: Record<Plan, DocumentQuota> = {
  free: { documents: 200, versions: 50, databaseBytes: gibibyte / 2 },
  basic: { documents: 1_000, versions: 100, databaseBytes: 10 * gibibyte },
  premium: { documents: 5_000, versions: 200, databaseBytes: 50 * gibibyte },
  enterprise: { documents: 20_000, versions: 500, databaseBytes: 250 * gibibyte },
};

/** From here on people are told that they come near. */
export const nearlyFull = 0.8;

/** The gym keeps as much as its plan allows. */
export class QuotaReached extends Error {
  override name = 'QuotaReached';

  constructor(what: string, limit: string) {
    super(`${what}: ${limit} at most in this plan. A larger plan has more room.`);
  }
}
