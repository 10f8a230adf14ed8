/** How long what takes its time on purpose takes: values of the stage. */
export interface Lifecycle {
  /** How long the login that was replaced stays good: longer than services go without looking for a new one. */
  secretGraceSeconds: number;
  /** How old a database password may get before it is replaced by itself; null for any age. */
  secretMaxAgeDays: number | null;
  /** How long a tenant that leaves can come back before everything of it is destroyed. */
  offboardGraceSeconds: number;
  /** How long the database a tenant has left is kept, unless the change is confirmed sooner. */
  keepPreviousSeconds: number;
  /** How long the last snapshot of a server is kept once its tenant is erased; null where hosts keep none. */
  finalSnapshotDays: number | null;
}
