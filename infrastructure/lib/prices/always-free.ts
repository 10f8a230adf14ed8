/**
 * What AWS gives to each account every month, for ever: not what a new one has for a year (https://aws.amazon.com/free, "Always
 * free"). In units of the lines that share it.
 */
export const alwaysFree = {
  alarmMetrics: 10,
  dashboards: 3,
  customMetrics: 10,
  logs: 5,
  traces: 100_000,
  edgeRequests: 10_000_000,
  edgeFunctionCalls: 2_000_000,
  edgeGibibytes: 1_024,
  functionCalls: 1_000_000,
  functionSeconds: 400_000,
  stateTransitions: 4_000,
  keyRequests: 20_000,
  internetGibibytes: 100,
} as const;
export type Allowance = keyof typeof alwaysFree;

/** Takes from each allowance what there is left of it. */
export class Allowances {
  readonly #left = new Map<Allowance, number>();

  take(allowance: Allowance, wanted: number): number {
    const left = this.#left.get(allowance) ?? alwaysFree[allowance];
    const taken = Math.min(left, wanted);
    this.#left.set(allowance, left - taken);
    return taken;
  }
}
