import { each, type Rule } from './rule.ts';
import { oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const type = 'AWS::ElastiCache::ReplicationGroup';

const about = (name: string, isWrong: (properties: Properties) => boolean, fault: Properties): Rule => ({
  name,
  findings: (templates) =>
    each(resourcesOf(templates, type), ({ id, properties }) => isWrong(properties) && id),
  reintroduce: (templates: Templates) => void Object.assign(oneOf(templates, type).properties, fault),
});

export const cacheRules: Rule[] = [
  about(
    'the cache counts shards and replicas, and not clusters as well',
    ({ NumCacheClusters, NumNodeGroups, ReplicasPerNodeGroup }) =>
      NumCacheClusters !== undefined || NumNodeGroups === undefined || ReplicasPerNodeGroup === undefined,
    { NumCacheClusters: 6 },
  ),
  about(
    'the cache is Valkey of a version that is written as a text',
    ({ Engine, EngineVersion }) => Engine !== 'valkey' || typeof EngineVersion !== 'string',
    { Engine: 'redis', EngineVersion: 7 },
  ),
  about(
    'the cache asks who is there, over TLS',
    ({ TransitEncryptionEnabled, UserGroupIds = [] }) =>
      TransitEncryptionEnabled !== true || UserGroupIds.length !== 1,
    { UserGroupIds: [] },
  ),
  about(
    'the cache is encrypted where it lies',
    ({ AtRestEncryptionEnabled }) => AtRestEncryptionEnabled !== true,
    {
      AtRestEncryptionEnabled: false,
    },
  ),
];
