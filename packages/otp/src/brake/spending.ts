import type { BrakePolicy } from './brake-policy.ts';
import type { PhoneNumbers } from './ports.ts';
import type { CountStore } from './shared-counts.ts';
import { Months } from './windows.ts';

/** The months that budgets are counted in: what asks and what sends share them. */
export const budgetMonths = () => new Months('budget');

/** What a segment to this number costs, in what it costs at home. */
export function priceOf(
  to: string,
  { homeCountry, prices }: Pick<BrakePolicy, 'homeCountry' | 'prices'>,
  phoneNumbers: PhoneNumbers,
): number {
  const { country = '' } = phoneNumbers.kindOf(to);
  return country === homeCountry ? 1 : (prices.countries[country] ?? prices.other);
}

/** Adds to a gym's budget what a message took beyond the one segment that was counted when it was asked for. */
export async function spendSegments(
  store: CountStore,
  { tenantId, segments, price, at }: { tenantId: string; segments: number; price: number; at: Date },
): Promise<void> {
  if (segments <= 1) return;
  const counted = { amount: (segments - 1) * price, known: 0, atLeast: 0 };
  await store.add([{ bucket: budgetMonths().at(at), name: tenantId, ...counted }]);
}
