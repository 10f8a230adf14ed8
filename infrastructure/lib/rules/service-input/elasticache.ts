import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { firstDuplicate, isFetched, listOf, outside } from './values.ts';

const group = 'AWS::ElastiCache::ReplicationGroup';
const user = 'AWS::ElastiCache::User';
const userGroup = 'AWS::ElastiCache::UserGroup';

const isCluster = ({ ClusterMode, NumNodeGroups }: Properties) =>
  ClusterMode === 'enabled' || Number(NumNodeGroups ?? 1) > 1;
/** One rule of Valkey's access control lists: keys, channels, commands and categories; passwords are a property. */
const accessRule =
  /^(on|off|~\S+|%(R|W|RW)~\S+|&\S+|allkeys|resetkeys|allchannels|resetchannels|allcommands|nocommands|[+-]@[a-z]+|[+-][a-z][\w.-]*(\|[\w-]+)?)$/;

export const elastiCacheInput: InputRule[] = [
  {
    name: 'cluster mode comes with failover',
    type: group,
    refuses: (properties) =>
      isCluster(properties) &&
      properties.AutomaticFailoverEnabled !== true &&
      'Redis with cluster mode enabled cannot be created with auto failover turned off.',
    fault: { AutomaticFailoverEnabled: false },
  },
  {
    name: 'a cache in several zones has a replica for them',
    type: group,
    refuses: ({ MultiAZEnabled, ReplicasPerNodeGroup, AutomaticFailoverEnabled }) =>
      MultiAZEnabled === true &&
      (Number(ReplicasPerNodeGroup ?? 0) < 1 || AutomaticFailoverEnabled !== true) &&
      'Must specify at least two cache clusters in order to have Multi-AZ enabled.',
    fault: { MultiAZEnabled: true, ReplicasPerNodeGroup: 0 },
  },
  {
    name: 'a cache that knows its users speaks TLS',
    type: group,
    refuses: ({ UserGroupIds = [], TransitEncryptionEnabled }) =>
      UserGroupIds.length > 0 &&
      TransitEncryptionEnabled !== true &&
      'User group based access control is not supported for encryption-in-transit disabled replication groups.',
    fault: { TransitEncryptionEnabled: false },
  },
  {
    name: 'parameters of the cache are of its engine and mode',
    type: group,
    refuses: (properties, { find }) => {
      const { CacheParameterGroupFamily: family, Properties: parameters } =
        find(properties.CacheParameterGroupName)?.properties ?? {};
      if (family === undefined) return undefined;
      const [major] = String(properties.EngineVersion).split('.');
      if (family !== `${properties.Engine}${major}`)
        return `Expected a parameter group of family ${properties.Engine}${major} but found one of family ${family}`;
      return (
        (parameters?.['cluster-enabled'] === 'yes') !== isCluster(properties) &&
        'Use of cluster-enabled in the parameter group does not fit the mode of the replication group'
      );
    },
    fault: { Engine: 'redis', EngineVersion: '7.1' },
  },
  {
    name: 'users of the cache have one or two passwords of 16 to 128 characters',
    type: user,
    refuses: ({ Passwords, AuthenticationMode, NoPasswordRequired }) => {
      const passwords = (Passwords ?? AuthenticationMode?.Passwords ?? []) as string[];
      if (NoPasswordRequired && passwords.length > 0)
        return 'No password required flag is true while password is provided';
      return (
        (passwords.length > 2 ||
          passwords.some((password) => !isFetched(password) && outside(password.length, 16, 128))) &&
        'Passwords length must be between 16-128 characters.'
      );
    },
    fault: { AuthenticationMode: { Type: 'password', Passwords: ['too-short'] } },
  },
  {
    name: 'what users of the cache may do is an access string',
    type: user,
    refuses: ({ AccessString = '' }) => {
      const wrong = String(AccessString)
        .trim()
        .split(/\s+/)
        .find((rule) => !accessRule.test(rule));
      return wrong !== undefined && `Access String contains invalid permissions: ${wrong}`;
    },
    fault: { AccessString: 'on ~* &* +@all >password' },
  },
  {
    name: 'users of one group have names of their own and its engine',
    type: userGroup,
    refuses: ({ UserIds = [], Engine }, { find }) => {
      const users = listOf(UserIds).flatMap((id) => find(id)?.properties ?? []);
      const names = users.map(({ UserName }) => String(UserName));
      if (firstDuplicate(names))
        return `UserGroup cannot have duplicate user names: ${firstDuplicate(names)}`;
      if (users.some((each) => each.Engine !== Engine)) return `All users must be of engine ${Engine}`;
      return (
        Engine === 'redis' &&
        !names.includes('default') &&
        'User group needs to contain a user with the user name default.'
      );
    },
    fault: { Engine: 'redis' },
  },
];
