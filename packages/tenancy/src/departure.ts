import type { DeletionProof } from '@kyong/contracts';
import type { Resource } from './resource.ts';

/** A tenant's export, as it is kept. */
export interface Archive {
  ref: string;
  rows: number;
  bytes: number;
  /** Of the whole file. */
  sha256: string;
  exportedAt: Date;
}

/** Offboardings, as the service sees them that has what people have edited last. */
export interface LastEdits {
  /** Those that wait until it is all in the tenant's database. */
  findAwaited(): Promise<{ operationId: string; tenantId: string }[]>;
  /** It is. */
  recordSaved(operationId: string): Promise<void>;
}

/** How far a tenant that leaves has got. */
export interface Departure {
  archive: Archive;
  /** Null until the export is done. */
  eraseAfter: Date | null;
  /** What it had when its destruction began; null before that. */
  inventory: Resource[] | null;
  /** Rows deleted of the master database, by table. */
  forgottenRows: Record<string, number>;
  proof: DeletionProof | null;
}
