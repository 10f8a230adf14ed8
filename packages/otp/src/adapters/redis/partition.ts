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

/** What is kept about a recipient; beside it the same for one network alone. */
const ofRecipient = (kind: string, recipient: Buffer, network?: string) =>
  `${tag(partitionOf(recipient))}:${kind}:${recipient.toString('base64url')}${network === undefined ? '' : `:${network}`}`;

export const keyOf = {
  request: (recipient: Buffer, requestId: string) => `${tag(partitionOf(recipient))}:request:${requestId}`,
  sends: (recipient: Buffer, network?: string) => ofRecipient('sends', recipient, network),
  /** To a recipient with an account, while a brake is on. */
  accountSends: (recipient: Buffer) => ofRecipient('account-sends', recipient),
  /** The network of the newest of its sends. */
  newestSender: (recipient: Buffer) => ofRecipient('newest-sender', recipient),
  guesses: (recipient: Buffer, network?: string) => ofRecipient('guesses', recipient, network),
  /** Where the recipient has signed in from. */
  networks: (recipient: Buffer) => ofRecipient('networks', recipient),
  deliveries: (partition: number) => `${tag(partition)}:deliveries`,
  /** What the tenants' logs are still to be told. */
  log: (partition: number) => `${tag(partition)}:log`,
  deadLetters: (partition: number) => `${tag(partition)}:dead-letters`,
};
