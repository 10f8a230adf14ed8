import type { OperationInput } from '@kyong/contracts';
import type { OperationRequestOutcome, RestorableWindow, TenancyStore } from './ports.ts';
import { requestOperation } from './request-operation.ts';
import type { Caller } from './request-provision.ts';
import { type Backups, outsideWindow, restorableWindowOf } from './restorable-window.ts';

type RestoreKind = 'restore' | 'swap-restored' | 'discard-restored';

export type RestoreRequestOutcome =
  | OperationRequestOutcome
  /** That time cannot be had. No window: there is no backup yet. */
  | { outcome: 'outside-window'; reason: string; window: RestorableWindow | undefined }
  /** What an earlier restore made is still there. */
  | { outcome: 'restored-exists' };

/** Records a restore of a tenant to `to`. Who may ask for it, the caller has checked. */
export async function requestRestore(
  tenantId: string,
  to: Date,
  caller: Caller,
  ports: Backups & { store: TenancyStore },
): Promise<RestoreRequestOutcome> {
  const { store } = ports;
  const tenant = await store.findTenant(tenantId);
  if (!tenant) return { outcome: 'unknown' };
  const input = { to: to.toISOString() };
  const latest = (await store.findLatestOperations([tenantId])).get(tenantId);
  // While something else is under way, that is the answer.
  if (latest?.status !== 'running' && !(await isLatest('restore', tenantId, store, input))) {
    if (await hasRestored(tenantId, store)) return { outcome: 'restored-exists' };
    const window = await restorableWindowOf(tenant, ports);
    const reason = outsideWindow(window, to);
    if (reason !== undefined) return { outcome: 'outside-window', reason, window };
  }
  return requestOperation('restore', tenantId, input, caller, store);
}

/** Records what is to become of a restored database. */
export async function requestRestoredChange(
  kind: 'swap-restored' | 'discard-restored',
  tenantId: string,
  caller: Caller,
  store: TenancyStore,
): Promise<OperationRequestOutcome | { outcome: 'nothing-restored' }> {
  if (!(await store.findTenant(tenantId))) return { outcome: 'unknown' };
  const possible = (await hasRestored(tenantId, store)) || (await isLatest(kind, tenantId, store));
  return possible ? requestOperation(kind, tenantId, {}, caller, store) : { outcome: 'nothing-restored' };
}

async function hasRestored(tenantId: string, store: TenancyStore): Promise<boolean> {
  const second = await store.findSecondDatabases(tenantId);
  return second.some(({ state }) => state === 'restored');
}

/** Whether this was asked for before and nothing has come since: the same request again finds the same operation. */
async function isLatest(
  kind: RestoreKind,
  tenantId: string,
  store: TenancyStore,
  input?: OperationInput<'restore'>,
): Promise<boolean> {
  const latest = (await store.findLatestOperations([tenantId])).get(tenantId);
  if (latest?.kind !== kind || (latest.status !== 'running' && latest.status !== 'succeeded')) return false;
  return input === undefined || (latest.input as OperationInput<'restore'>).to === input.to;
}
