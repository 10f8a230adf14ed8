import { type DocumentRef, QuotaReached } from '@kyong/collaboration';
import {
  addVersion,
  ensureRoomForName,
  findLastVersion,
  readVersion,
} from '@kyong/collaboration/adapters/tenant-database';
import type { DocumentKind, DocumentVersion } from '@kyong/contracts';
import type { TenantPools } from '@kyong/postgres';
import type { History } from './history-thread.ts';
import type { Quotas } from './quotas.ts';

/** While a document is edited, a version is kept about this often without being asked for. */
const intervalMilliseconds = 10 * 60_000;

interface State {
  state: Uint8Array;
  seq: number;
}

/** What documents held. */
export class Versions {
  readonly #pools: TenantPools;
  readonly #history: History;
  readonly #quotas: Quotas;
  readonly #now: () => Date;

  constructor(pools: TenantPools, history: History, quotas: Quotas, now: () => Date) {
    this.#pools = pools;
    this.#history = history;
    this.#quotas = quotas;
    this.#now = now;
  }

  keep(
    { tenantId, documentId }: DocumentRef,
    kind: DocumentKind,
    { state, seq, name, createdBy }: State & { name: string | null; createdBy: string | null },
  ): Promise<DocumentVersion> {
    return this.#pools.use(tenantId, async (pool) => {
      const { versions: limit } = await this.#quotas.ensureRoom(tenantId, pool);
      // Before the work, too: what is refused in the end should cost nothing.
      if (name !== null) await ensureRoomForName(pool, documentId, limit);
      const before = await readVersion(pool, documentId);
      const summary = await this.#history.summarise(tenantId, kind, before?.state, state);
      return addVersion(pool, documentId, { name, state, seq, createdBy, summary, limit });
    });
  }

  /** Keeps one unless nothing has changed since the last, or that was just now. */
  async keepIfDue(document: DocumentRef, kind: DocumentKind, { state, seq }: State): Promise<void> {
    const { tenantId, documentId } = document;
    const last = await this.#pools.use(tenantId, (pool) => findLastVersion(pool, documentId));
    const isDue = last
      ? last.seq !== seq && this.#now().getTime() - last.createdAt.getTime() >= intervalMilliseconds
      : seq > 0;
    if (!isDue) return;
    await this.keep(document, kind, { state, seq, name: null, createdBy: null }).catch((error: unknown) => {
      // Nobody asked for it, and the document is as it was.
      if (!(error instanceof QuotaReached)) throw error;
    });
  }
}
