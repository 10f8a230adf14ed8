import { type FoundResource, type Properties, resourcesOf, type Templates } from '../rules/templates.ts';
import { prices } from './tokyo.ts';

export interface CostLine {
  stack: string;
  item: string;
  monthlyUsd: number;
}

type Price = (found: FoundResource, templates: Templates) => number;

/** What a resource costs by being there; what is paid for by use is not in it. */
const priceOf: Record<string, Price> = {
  'AWS::EC2::NatGateway': () => prices.natGateway,
  'AWS::EC2::EIP': () => prices.publicIpv4Address,
  'AWS::EC2::Instance': ({ properties }) =>
    known(prices.ec2Instance, properties.InstanceType) + prices.rootDisk + prices.publicIpv4Address,
  'AWS::RDS::DBInstance': databaseMonthlyUsd,
  'AWS::ElastiCache::ReplicationGroup': ({ properties }) =>
    known(prices.cacheNode, properties.CacheNodeType) *
    properties.NumNodeGroups *
    (properties.ReplicasPerNodeGroup + 1),
  'AWS::ElasticLoadBalancingV2::LoadBalancer': () => prices.loadBalancer,
  'AWS::ECS::Service': serviceMonthlyUsd,
  'AWS::WAFv2::WebACL': ({ properties }) => prices.webAcl + properties.Rules.length * prices.webAclRule,
  'AWS::KMS::Key': () => prices.key,
  'AWS::SecretsManager::Secret': () => prices.secret,
  'AWS::CloudWatch::Alarm': ({ properties }) =>
    prices.alarmMetric *
    ((properties.Metrics as Properties[])?.filter(({ MetricStat }) => MetricStat).length ?? 1),
  'AWS::CloudWatch::CompositeAlarm': () => prices.compositeAlarm,
  'AWS::CloudWatch::Dashboard': () => prices.dashboard,
  'AWS::Route53::HealthCheck': () => prices.healthCheck,
};

/** What a stage costs a month before anybody uses it, by stack and kind of resource, from its templates. */
export function stageCost(templates: Templates): CostLine[] {
  const sums = new Map<string, CostLine>();
  for (const [type, price] of Object.entries(priceOf)) {
    for (const found of resourcesOf(templates, type)) {
      const item = type.split('::').slice(1).join(' ');
      const line = sums.get(`${found.stack} ${item}`) ?? { stack: found.stack, item, monthlyUsd: 0 };
      line.monthlyUsd += price(found, templates);
      sums.set(`${found.stack} ${item}`, line);
    }
  }
  return [...sums.values()].sort((a, b) => b.monthlyUsd - a.monthlyUsd);
}

/** A server and its storage; a standby has both as well. */
function databaseMonthlyUsd({ properties }: FoundResource): number {
  const storage = Number(properties.AllocatedStorage) * prices.databaseGibibyte;
  const one = known(prices.databaseInstance, properties.DBInstanceClass) + storage;
  return properties.MultiAZ === true ? 2 * one : one;
}

/** At its smallest: the tasks that always run, those beyond the base by the weights of the strategy. */
function serviceMonthlyUsd({ stack, id, properties }: FoundResource, templates: Templates): number {
  const task = templates[stack]?.Resources[properties.TaskDefinition.Ref]?.Properties ?? {};
  const scaling = resourcesOf(templates, 'AWS::ApplicationAutoScaling::ScalableTarget').find((target) =>
    JSON.stringify(target.properties.ResourceId).includes(id),
  );
  const tasks = Number(scaling?.properties.MinCapacity ?? properties.DesiredCount ?? 1);
  const onDemand =
    (Number(task.Cpu) / 1024) * prices.fargateVcpu + (Number(task.Memory) / 1024) * prices.fargateGibibyte;
  const strategy = properties.CapacityProviderStrategy as Properties[];
  const weight = (provider: string) =>
    strategy.find(({ CapacityProvider }) => CapacityProvider === provider)?.Weight ?? 0;
  const base = Math.min(tasks, strategy.find(({ Base }) => Base)?.Base ?? 0);
  const spotShare = weight('FARGATE_SPOT') / (weight('FARGATE') + weight('FARGATE_SPOT'));
  const beyond = onDemand * (1 - spotShare + spotShare * prices.fargateSpotShare);
  return base * onDemand + (tasks - base) * beyond;
}

/** @throws {RangeError} when the table has no such price: add it, with the month it is from. */
function known(table: Record<string, number>, name: string): number {
  const price = table[name];
  if (price === undefined)
    throw new RangeError(
      `The price table has no ${name}: add it to lib/prices/tokyo.ts, a database server's to packages/tenancy/src/price.ts.`,
    );
  return price;
}
