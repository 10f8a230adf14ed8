import type { Quota as QuotaView } from '@kyong/contracts';
import { OperationRefused } from './operation.ts';

/** Something there is only so much of. */
export interface Quota {
  /** In the words in which more of it is asked for. */
  name: string;
  used: number;
  limit: number;
  /** What to do when it runs short, in words the tenant's owner may read. */
  remedy: string;
}

/** No more is used than the first share of a limit; from the second on it is told. */
export interface QuotaShares {
  refuse: number;
  warn: number;
}

/** @throws {OperationRefused} where so much more would be beyond the share that is used. */
export function assertRoom(needs: { quota: Quota; amount: number }[], refuse: number): void {
  for (const { quota, amount } of needs) {
    const { name, used, limit, remedy } = quota;
    if (used + amount <= limit * refuse) continue;
    const most = refuse < 1 ? `, and ${Math.round(refuse * 100)} % is the most the platform uses` : '';
    throw new OperationRefused(
      `There is no room: with this one ${used + amount} of ${limit} would be used (${name})${most}. ${remedy}`,
    );
  }
}

export function withLevel(quota: Quota, { refuse, warn }: QuotaShares): QuotaView {
  const share = quota.limit === 0 ? 1 : quota.used / quota.limit;
  const level = share >= refuse ? 'exhausted' : share >= warn ? 'warning' : 'ok';
  return { ...quota, level };
}
