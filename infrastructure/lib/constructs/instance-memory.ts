/** Of the database servers a stage may choose from, in GiB (AWS: Amazon RDS instance types). */
const memoryGibibytes = {
  't4g.micro': 1,
  't4g.small': 2,
  't4g.medium': 4,
  't4g.large': 8,
  'm8g.large': 8,
  'm8g.xlarge': 16,
  'r8g.large': 16,
  'r8g.xlarge': 32,
} as const;
export type InstanceType = keyof typeof memoryGibibytes;

/** RDS's default: LEAST(DBInstanceClassMemory / 9531392, 5000) (Amazon RDS User Guide, quotas). */
export function maxConnections(instanceType: InstanceType): number {
  return Math.min(5_000, Math.floor((memoryGibibytes[instanceType] * 2 ** 30) / 9_531_392));
}
