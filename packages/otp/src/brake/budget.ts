import type { TenantPolicy } from '../tenant-policy.ts';
import type { AlarmBell } from './alarm-bell.ts';
import type { SmsLog } from './ports.ts';
import type { SharedCounts } from './shared-counts.ts';
import { budgetMonths } from './spending.ts';

/** An operator hears of a budget when so much of it is spent: there is time to raise it. */
const warningShare = 0.8;

/**
 * What a tenant's SMS may cost in a calendar month, in what one segment costs at home. Strangers spend a part of it: the rest
 * is for people who have signed in before. E-mail costs next to nothing and stays open.
 */
export class Budget {
  readonly #counts: SharedCounts;
  readonly #bell: AlarmBell;
  readonly #months = budgetMonths();

  constructor(counts: SharedCounts, bell: AlarmBell) {
    this.#counts = counts;
    this.#bell = bell;
  }

  /** @returns seconds until strangers have a new budget, 0 while theirs lasts. */
  waitSeconds({ tenantId, budget }: TenantPolicy, at: Date): number {
    const month = this.#months.at(at);
    const sent = this.#counts.total(month, tenantId ?? '');
    const near = sent >= budget.strangers * warningShare;
    const spent = sent >= budget.strangers;
    const name = `${month.key} ${tenantId ?? ''}`;
    this.#bell.set(`near ${name}`, near, { kind: 'budget_nearly_exhausted', tenantId });
    this.#bell.set(`spent ${name}`, spent, { kind: 'budget_exhausted', tenantId });
    return spent ? (month.endsAt - at.getTime()) / 1000 : 0;
  }

  /** Whether all of it is spent, the part that strangers cannot spend included. */
  isExhausted({ tenantId, budget }: TenantPolicy, at: Date): boolean {
    return this.#counts.total(this.#months.at(at), tenantId ?? '') >= budget.everybody;
  }

  add({ tenantId }: Pick<TenantPolicy, 'tenantId'>, at: Date, amount: number): void {
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
