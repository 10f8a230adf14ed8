import { type FoundResource, oneOf, resourcesOf, type Templates } from '../../rules/templates.ts';
import { rates } from '../tokyo.ts';
import { controlPlaneRequests, minutesAMonth, turnsOfAnOperation } from '../workload.ts';
import type { Usage } from './usage.ts';

/** `Metrics.write` of the collaboration service, the sweep's count of tenants, and the load of their busiest server. */
const metricsInLogs = 2 + 1 + 1;
/** `lookMinutes` of the sweep. */
const looksAMonth = minutesAMonth / 15;
/** Count, two kinds of errors, two of latency, of each method (API Gateway, "Metrics"). */
const metricsOfAMethod = 5;
/** Of a cluster, and of each service in it (CloudWatch, "Container Insights metrics"). */
const insights = { cluster: 9, service: 20 };

export const metrics: Usage[] = [
  {
    item: 'custom metrics in logs',
    types: ['AWS::Logs::MetricFilter', 'AWS::ECS::Service', 'AWS::Lambda::Function'],
    assumption: `${metricsInLogs} that our code writes, and one for each filter of a log`,
    units: (templates) => metricsInLogs + resourcesOf(templates, 'AWS::Logs::MetricFilter').length,
    usdPerUnit: rates.customMetric,
    alwaysFree: 'customMetrics',
  },
  {
    item: "metrics of API Gateway's methods",
    types: ['AWS::ApiGateway::Method'],
    assumption: `${metricsOfAMethod} of each method, where the stage has them on`,
    units: (templates) =>
      hasMethodMetrics(templates)
        ? metricsOfAMethod * resourcesOf(templates, 'AWS::ApiGateway::Method').length
        : 0,
    usdPerUnit: rates.customMetric,
    alwaysFree: 'customMetrics',
  },
  {
    item: 'Container Insights',
    types: ['AWS::ECS::Cluster'],
    assumption: `${insights.cluster} metrics of the cluster and ${insights.service} of each service, where it is on`,
    units: (templates) =>
      hasInsights(oneOf(templates, 'AWS::ECS::Cluster'))
        ? insights.cluster + insights.service * resourcesOf(templates, 'AWS::ECS::Service').length
        : 0,
    usdPerUnit: rates.customMetric,
    alwaysFree: 'customMetrics',
  },
  {
    item: 'metrics of database servers looked at',
    types: ['AWS::RDS::DBInstance'],
    assumption: "every 15 minutes, one of each server, the platform's and one of each gym",
    units: (templates, { gyms }) =>
      looksAMonth * (resourcesOf(templates, 'AWS::RDS::DBInstance').length + gyms),
    usdPerUnit: rates.metricLookedAt,
  },
  {
    item: 'traces',
    types: ['AWS::ApiGateway::Stage', 'AWS::StepFunctions::StateMachine'],
    assumption: 'each request of the control plane and each turn of an operation',
    units: (_, workload) =>
      Math.min(controlPlaneRequests(workload), minutesAMonth * 60) +
      workload.operationsAMonth * turnsOfAnOperation,
    usdPerUnit: rates.trace,
    alwaysFree: 'traces',
  },
];

const hasInsights = ({ properties }: FoundResource): boolean =>
  (properties.ClusterSettings ?? []).some(
    ({ Name, Value }: Record<string, string>) => Name === 'containerInsights' && Value !== 'disabled',
  );

const hasMethodMetrics = (templates: Templates): boolean =>
  resourcesOf(templates, 'AWS::ApiGateway::Stage').some(({ properties }) =>
    (properties.MethodSettings ?? []).some(
      ({ MetricsEnabled }: Record<string, unknown>) => MetricsEnabled === true,
    ),
  );
