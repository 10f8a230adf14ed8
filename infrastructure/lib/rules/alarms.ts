import { runbooks } from '../constructs/alarms.ts';
import { each, type Rule } from './rule.ts';
import { type FoundResource, oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const type = 'AWS::CloudWatch::Alarm';
const composite = 'AWS::CloudWatch::CompositeAlarm';

/** Of an alarm, every metric it looks at. */
function metricsOf({ properties }: FoundResource): Properties[] {
  const { Metrics, Namespace, MetricName, Dimensions } = properties;
  if (!Metrics) return [{ Namespace, MetricName, Dimensions }];
  return (Metrics as Properties[]).flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
}

/** What metrics of a namespace go by: with fewer dimensions there is no data, ever. */
const dimensionsOf: Record<string, string[]> = {
  'AWS/ApplicationELB': ['LoadBalancer', 'TargetGroup'],
  'AWS/ECS': ['ClusterName', 'ServiceName'],
  'AWS/ElastiCache': ['CacheClusterId'],
  'AWS/RDS': ['DBInstanceIdentifier'],
  'AWS/ApiGateway': ['ApiName', 'Stage'],
  'AWS/States': ['StateMachineArn'],
  'AWS/Lambda': ['FunctionName'],
  'AWS/SQS': ['QueueName'],
};
/** Our own that are alarms are counted in a log, as a whole. */
const own = (namespace: string) => (namespace.startsWith('Kyo/') ? [] : undefined);
const alarms = (templates: Templates) => resourcesOf(templates, type);
const metricNamed = (name: string) => (found: FoundResource) =>
  metricsOf(found).some(({ MetricName }) => MetricName === name);

export const alarmRules: Rule[] = [
  {
    name: 'alarms look at metrics that exist, by all their dimensions',
    findings: (templates) =>
      alarms(templates).flatMap((alarm) =>
        each(metricsOf(alarm), ({ Namespace, MetricName, Dimensions = [] }) => {
          const names = (Dimensions as Properties[]).map(({ Name }) => Name).sort();
          return (
            names.join() !== (dimensionsOf[Namespace] ?? own(Namespace))?.join() &&
            `${alarm.id}: ${Namespace} ${MetricName} by ${names}`
          );
        }),
      ),
    reintroduce: (templates) => {
      oneOf(templates, type, metricNamed('DatabaseConnections')).properties.Dimensions = undefined;
    },
  },
  {
    name: 'alarms of the cache look at nodes, not at the group',
    findings: (templates) =>
      alarms(templates).flatMap((alarm) =>
        each(
          metricsOf(alarm),
          ({ Namespace, Dimensions = [] }) =>
            Namespace === 'AWS/ElastiCache' && !/-0\d{3}-0\d{2}/.test(JSON.stringify(Dimensions)) && alarm.id,
        ),
      ),
    reintroduce: (templates) => {
      const { properties } = oneOf(templates, type, metricNamed('EngineCPUUtilization'));
      properties.Dimensions = [{ Name: 'CacheClusterId', Value: { Ref: 'ValkeyGroup' } }];
    },
  },
  {
    name: "alarms of the cache look at Valkey's own thread",
    findings: (templates) =>
      alarms(templates).flatMap((alarm) =>
        each(
          metricsOf(alarm),
          ({ Namespace, MetricName }) =>
            Namespace === 'AWS/ElastiCache' && MetricName === 'CPUUtilization' && alarm.id,
        ),
      ),
    reintroduce: (templates) => {
      oneOf(templates, type, metricNamed('EngineCPUUtilization')).properties.MetricName = 'CPUUtilization';
    },
  },
  {
    name: 'errors are a share of the answers, not a number of them',
    findings: (templates) =>
      each(
        alarms(templates),
        ({ id, properties }) => /5XX|ErrorRate/.test(properties.MetricName ?? '') && `${id}: a count`,
      ),
    reintroduce: (templates) => {
      const { properties } = oneOf(templates, type, metricNamed('HTTPCode_Target_5XX_Count'));
      Object.assign(properties, metricsOf({ properties } as FoundResource)[0], { Metrics: undefined });
    },
  },
  {
    name: 'every alarm rings somewhere, says what no data means, and names its runbook',
    findings: (templates) =>
      each(resourcesOf(templates, type, composite), ({ id, resource, properties }) => {
        const page = /docs\/runbooks\/([\w-]+)\.md/.exec(properties.AlarmDescription ?? '')?.[1];
        const silent =
          !properties.AlarmActions?.length || (resource.Type === type && !properties.TreatMissingData);
        return (silent || !runbooks.some((name) => name === page)) && id;
      }),
    reintroduce: (templates) => {
      oneOf(templates, type).properties.AlarmDescription = 'Something is wrong';
    },
  },
  {
    name: 'composite alarms are made of alarms that exist',
    findings: (templates) =>
      resourcesOf(templates, composite).flatMap(({ stack, id, properties }) => {
        const named = [
          ...JSON.stringify(properties.AlarmRule).matchAll(/"Fn::GetAtt":\["(\w+)","Arn"\]/g),
        ].map(([, name = '']) => name);
        const missing = named.filter((name) => templates[stack]?.Resources[name]?.Type !== type);
        return named.length >= 4
          ? missing.map((name) => `${id}: ${name}`)
          : [`${id}: of ${named.length} alarms`];
      }),
    reintroduce: (templates) => {
      oneOf(templates, composite).properties.AlarmRule = 'ALARM(MemoryUtilizationAlarm)';
    },
  },
];
