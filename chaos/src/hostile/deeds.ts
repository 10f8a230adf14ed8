/** What a gym's people do, by kind: a request for a code, its way to them, the sign-in with it, a read, an edit, a cursor's move. */
export const kinds = ['send', 'delivery', 'verify', 'read', 'edit', 'cursor'] as const;
export type Kind = (typeof kinds)[number];

export interface Deed {
  kind: Kind;
  /** When it began, as `performance.now()`. */
  at: number;
  milliseconds: number;
  /** Why it was not done. */
  failure?: string;
}

/** A stretch of time, as `performance.now()`. */
export interface Stretch {
  from: number;
  to: number;
}

export function during(deeds: readonly Deed[], stretches: readonly Stretch[]): Deed[] {
  return deeds.filter(({ at }) => stretches.some(({ from, to }) => at >= from && at < to));
}

/** In ms; NaN of nothing. */
export function p99(deeds: readonly Deed[]): number {
  const sorted = deeds.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}
