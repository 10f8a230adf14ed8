import { type FoundResource, type Properties, resourcesOf, type Templates } from '../rules/templates.ts';
import type { Allowance } from './always-free.ts';
import { prices } from './tokyo.ts';

type Price = (found: FoundResource, templates: Templates) => number;

/** What a resource costs by being there, whether or not it is used. */
export const fixedPrices: Record<string, Price> = {
  'AWS::EC2::NatGateway': () => prices.natGateway,
  'AWS::EC2::EIP': () => prices.publicIpv4Address,
  'AWS::EC2::Instance': ({ properties }) =>
    known(prices.ec2Instance, properties.InstanceType) +
    properties.BlockDeviceMappings[0].Ebs.VolumeSize * prices.diskGibibyte +
    prices.publicIpv4Address,
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
  'AWS::CloudWatch::Alarm': alarmMonthlyUsd,
  'AWS::CloudWatch::CompositeAlarm': () => prices.compositeAlarm,
  // Target tracking keeps two alarms for each policy, one for more and one for less.
  'AWS::ApplicationAutoScaling::ScalingPolicy': () => 2 * prices.alarmMetric,
  'AWS::CloudWatch::Dashboard': () => prices.dashboard,
  'AWS::Route53::HealthCheck': () => prices.healthCheck,
  'AWS::Route53::HostedZone': () => prices.hostedZone,
  'AWS::ServiceDiscovery::PrivateDnsNamespace': () => prices.hostedZone,
};

/** Of which AWS gives some to each account (CloudWatch pricing, "Free tier"), with the price of each. */
export const fixedAllowances: Record<string, [allowance: Allowance, usdPerUnit: number]> = {
  'AWS::CloudWatch::Alarm': ['alarmMetrics', prices.alarmMetric],
  'AWS::CloudWatch::Dashboard': ['dashboards', prices.dashboard],
};

/** By metric; one that asks a question (Metrics Insights) by each metric that it finds, of which we assume ten. */
function alarmMonthlyUsd({ properties }: FoundResource): number {
  const metrics = (properties.Metrics ?? [{ MetricStat: {} }]) as Properties[];
  const asked = metrics.filter(({ Expression }) => String(Expression ?? '').startsWith('SELECT')).length;
  return prices.alarmMetric * (metrics.filter(({ MetricStat }) => MetricStat).length + 10 * asked);
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
