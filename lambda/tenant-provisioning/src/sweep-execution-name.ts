/** Longer than a driver that was just started takes to be seen: no second one is started meanwhile. */
const periodSeconds = 300;

/**
 * The sweep's name for an execution. The operation's own is used up, and stays so for 90 days; this one is new in every
 * period, so that neither two sweeps at once nor one that runs again start a second driver, and yet none is missed for long.
 */
export function sweepExecutionName(operationId: string, now: Date): string {
  return `${operationId}-${Math.floor(now.getTime() / 1000 / periodSeconds)}`;
}
