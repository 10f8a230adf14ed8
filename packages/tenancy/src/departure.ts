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
