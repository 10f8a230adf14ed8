import type { InspectionKind } from '@kyong/contracts';

/** A look into what there is of tenants: recorded by what may not look, done by what may. */
export interface Inspection {
  id: string;
  kind: InspectionKind;
  /** Of a page of tenants: those after this one. */
  after: string | undefined;
  status: 'running' | 'succeeded' | 'failed';
  /** As the contracts say of its kind, once it has succeeded. */
  result: unknown;
  error: string | null;
  createdAt: Date;
  finishedAt: Date | null;
}

export interface InspectionRequest extends Pick<Inspection, 'id' | 'kind' | 'after'> {
  actor: string;
  sourceIp: string | null;
}

/** The master database, as far as inspections go. They are forgotten after a week. */
export interface InspectionStore {
  addInspection(request: InspectionRequest): Promise<void>;
  /** One that was cut off is shown as failed. */
  findInspection(inspectionId: string): Promise<Inspection | undefined>;
  /** The first result counts. What was removed is in the audit, as asked for by the one who asked. */
  finishInspection(inspectionId: string, outcome: { result: unknown } | { error: string }): Promise<void>;
}
