/**
 * Everything about a recipient lies in one of eight partitions, each in one slot of the cluster, so that one script can
 * change it at once. Eight spread over the shards we run (up to three) and over those a gym business could ever need, and
 * a delivery worker, which holds one blocked connection a partition, stays at eight. To change the number, let the codes
 * under way expire and the deliveries run dry.
 */
export const partitions = 8;

export function partitionOf(recipient: Buffer): number {
  return recipient.readUInt8() % partitions;
}

const tag = (partition: number) => `{otp:${partition}}`;

export const keyOf = {
  request: (recipient: Buffer, requestId: string) => `${tag(partitionOf(recipient))}:request:${requestId}`,
  sends: (recipient: Buffer) => `${tag(partitionOf(recipient))}:sends:${recipient.toString('base64url')}`,
  guesses: (recipient: Buffer) => `${tag(partitionOf(recipient))}:guesses:${recipient.toString('base64url')}`,
  deliveries: (partition: number) => `${tag(partition)}:deliveries`,
  /** What the tenants' logs are still to be told. */
  log: (partition: number) => `${tag(partition)}:log`,
  deadLetters: (partition: number) => `${tag(partition)}:dead-letters`,
};
