/** A line of a log that CloudWatch takes a metric from (Amazon CloudWatch User Guide, embedded metric format). */
export function activeTenantsMetric(namespace: string, count: number, now: Date): Record<string, unknown> {
  return {
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        { Namespace: namespace, Dimensions: [[]], Metrics: [{ Name: 'ActiveTenants', Unit: 'Count' }] },
      ],
    },
    ActiveTenants: count,
  };
}
