import type { InspectionKind, InspectionResult } from '@kyong/contracts';
import { findDifferences, removeOrphans } from '../doctor.ts';
import { findDriftPage } from '../fleet/drift.ts';
import type { TenantSchema } from '../fleet/migration.ts';
import type { Ports } from '../ports.ts';
import { type QuotaShares, withLevel } from '../quota.ts';
import type { InspectionStore } from './inspection.ts';

export interface InspectionPorts {
  inspections: InspectionStore;
  ports: Ports;
  schema: TenantSchema;
  quotaShares: QuotaShares;
  onError: (error: unknown) => void;
}

/** Looks, and writes down what was found, or that it could not be found out. One that is over is left as it is. */
export async function inspect(inspectionId: string, deps: InspectionPorts): Promise<void> {
  const { inspections, onError } = deps;
  const inspection = await inspections.findInspection(inspectionId);
  if (inspection?.status !== 'running') return;
  try {
    const result = await looks[inspection.kind](deps, inspection.after);
    await inspections.finishInspection(inspectionId, { result });
  } catch (error) {
    onError(error);
    await inspections.finishInspection(inspectionId, {
      error: 'Something that was looked at does not answer. Ask again; the log says more.',
    });
  }
}

const looks: {
  [K in InspectionKind]: (deps: InspectionPorts, after?: string) => Promise<InspectionResult<K>>;
} = {
  differences: async ({ ports }) => ({ differences: await findDifferences(ports) }),
  repair: async ({ ports }) => removeOrphans(await findDifferences(ports), ports),
  drift: ({ ports, schema }, after) => findDriftPage(after, { ...ports, schema }),
  quotas: async ({ ports: { hosts }, quotaShares }) => {
    const quotas = await Promise.all([hosts.dedicated.quotas(), hosts.shared.quotas()]);
    return { quotas: quotas.flat().map((quota) => withLevel(quota, quotaShares)) };
  },
};
