/** A service in Redis or Valkey: under a user of its own, whose keys and channels begin as its own do. */
interface User {
  keys: string;
  /** None where the service says and hears nothing by channels. */
  channels: string[];
}

/**
 * Everything of a service begins so; the braces are the hash tag that puts keys of one slot together (Redis Cluster
 * specification, "Hash tags").
 */
export const users = {
  otp: { keys: '{otp:*', channels: [] },
  // Sockets of all its servers hear of each other by channels that Socket.IO's adapter names.
  collaboration: { keys: '{collaboration:*', channels: ['{collaboration:*', 'socket.io#*'] },
} satisfies Record<string, User>;
export type UserName = keyof typeof users;

/**
 * What a client needs, and nothing that reaches beyond its own keys. `@dangerous` is for administrators (FLUSHALL, KEYS, CONFIG, …),
 * but for INFO, by which clients see that a server has read its data; SCAN and RANDOMKEY name keys of others; scripts and
 * functions that are kept on the server are everyone's. https://valkey.io/topics/acl
 */
const commands = '+@all -@dangerous -@admin +info -scan -randomkey -script -function';

/** The user's rules, as `ACL SETUSER` and ElastiCache take them. */
export function accessString(name: UserName): string {
  const { keys, channels }: User = users[name];
  return ['on', `~${keys}`, ...channels.map((channel) => `&${channel}`), commands].join(' ');
}
