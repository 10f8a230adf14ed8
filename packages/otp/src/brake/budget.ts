import type { TenantPolicy } from '../tenant-policy.ts';
import type { AlarmBell } from './alarm-bell.ts';
import type { SmsLog } from './ports.ts';
import type { SharedCounts } from './shared-counts.ts';
import { Months } from './windows.ts';

/** An operator hears of a budget when so much of it is spent: there is time to raise it. */
const warningShare = 0.8;

/**
 * SMS a tenant may send in a calendar month. E-mail costs next to nothing and stays open, so that a stranger who spends
 * the budget of a gym does not shut it.
 */
export class Budget {
  readonly #counts: SharedCounts;
  readonly #bell: AlarmBell;
  readonly #months = new Months('budget');

  constructor(counts: SharedCounts, bell: AlarmBell) {
    this.#counts = counts;
    this.#bell = bell;
  }

  /** @returns seconds until there is a new budget, 0 while this one lasts. */
  waitSeconds({ tenantId, monthlyMessages }: TenantPolicy, at: Date): number {
    const month = this.#months.at(at);
    const sent = this.#counts.total(month, tenantId ?? '');
    const near = sent >= monthlyMessages * warningShare;
    const spent = sent >= monthlyMessages;
    const name = `${month.key} ${tenantId ?? ''}`;
    this.#bell.set(`near ${name}`, near, { kind: 'budget_nearly_exhausted', tenantId });
    this.#bell.set(`spent ${name}`, spent, { kind: 'budget_exhausted', tenantId });
    return spent ? (month.endsAt - at.getTime()) / 1000 : 0;
  }

  add({ tenantId }: TenantPolicy, at: Date, amount: number): void {
    this.#counts.add(this.#months.at(at), tenantId ?? '', amount);
  }

  /**
   * Takes what the tenants' own logs say for the least they have sent: the shared count may have been lost with its store.
   * Only of tenants that have sent since this process began; until it has run, a lost count begins at 0.
   */
  async reconcile(log: SmsLog, at: Date): Promise<void> {
    const month = this.#months.at(at);
    const from = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth()));
    for (const tenantId of this.#counts.names(month)) {
      const sent = tenantId === '' ? undefined : await log.countSince(tenantId, from);
      if (sent !== undefined) this.#counts.raise(month, tenantId, sent);
    }
  }
}
