/** Something somebody asked for; refused ones included. */
export interface AuditEntry {
  actor: string;
  sourceIp: string | null;
  action: string;
  tenantId: string;
  /** Why it was not done: the code of the problem that was answered. */
  refused: string;
}

export interface AuditRecord extends Omit<AuditEntry, 'refused'> {
  /** Grows with time. */
  id: string;
  at: Date;
  operationId: string | null;
  refused: string | null;
  detail: Record<string, unknown>;
}

export interface AuditFilter {
  tenantId?: string;
  actor?: string;
  action?: string;
  /** Those older than the one of this id. */
  before?: string;
  limit: number;
}
