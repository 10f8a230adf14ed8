import { runbooks } from '../constructs/alarms.ts';
import { services } from '../services/index.ts';
import { each, type Rule } from './rule.ts';
import { type FoundResource, oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const type = 'AWS::CloudWatch::Alarm';
const composite = 'AWS::CloudWatch::CompositeAlarm';

/** Of an alarm, every metric it looks at. */
export function metricsOf({ properties }: FoundResource): Properties[] {
  const { Metrics, Namespace, MetricName, Dimensions } = properties;
  if (!Metrics) return [{ Namespace, MetricName, Dimensions }];
  return (Metrics as Properties[]).flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
}

/** What metrics of a namespace go by, or one of them, first what tells one stage's: with others there is no data, ever. */
const dimensionsOf: Record<string, string[]> = {
  'AWS/ApiGateway': ['ApiName', 'Stage'],
  'AWS/ApplicationELB': ['LoadBalancer', 'TargetGroup'],
  'AWS/ApplicationELB HTTPCode_ELB_5XX_Count': ['LoadBalancer'],
  'AWS/EC2': ['InstanceId'],
  'AWS/ECS': ['ClusterName', 'ServiceName'],
  'AWS/ElastiCache': ['CacheClusterId'],
  'AWS/Lambda': ['FunctionName'],
  'AWS/NATGateway': ['NatGatewayId'],
  'AWS/RDS': ['DBInstanceIdentifier'],
  'AWS/Route53': ['HealthCheckId'],
  'AWS/SQS': ['QueueName'],
};
/** Our own: as services write them, or as a whole. */
function ownDimensions(metricName: string): string[] {
  const written = services.flatMap(({ sockets }) => sockets?.metrics ?? []);
  const found = written.find(({ connected, editLatency }) => [connected, editLatency].includes(metricName));
  return Object.keys(found?.dimensions ?? {});
}
/** What tells a metric from another stage's in the same account: its namespace, and what it is of. */
export function ownerOf({ Namespace, Dimensions = [] }: Properties): string {
  const telling = dimensionsOf[Namespace]?.[0];
  const dimension = (Dimensions as Properties[]).find(({ Name }) => Name === telling);
  return `${Namespace} ${JSON.stringify(dimension?.Value)}`;
}
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
          const expected = Namespace.startsWith('Kyo/')
            ? ownDimensions(MetricName)
            : (dimensionsOf[`${Namespace} ${MetricName}`] ?? dimensionsOf[Namespace]);
          return names.join() !== expected?.join() && `${alarm.id}: ${Namespace} ${MetricName} by ${names}`;
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
    name: 'errors of those who answer are a share of the answers, not a number of them',
    findings: (templates) =>
      each(
        alarms(templates),
        ({ id, properties }) => /Target_5XX|5XXError/.test(properties.MetricName ?? '') && `${id}: a count`,
      ),
    reintroduce: (templates) => {
      const { properties } = oneOf(templates, type, metricNamed('HTTPCode_Target_5XX_Count'));
      Object.assign(properties, metricsOf({ properties } as FoundResource)[0], { Metrics: undefined });
    },
  },
  {
    name: 'every alarm rings, by itself or in one group, says what no data means, and names its runbook',
    findings: (templates) => {
      const grouped = groupsOf(templates).flatMap(({ causes }) => causes);
      return each(resourcesOf(templates, type, composite), ({ stack, id, resource, properties }) => {
        const page = /docs\/runbooks\/([\w-]+)\.md/.exec(properties.AlarmDescription ?? '')?.[1];
        const ways =
          grouped.filter((cause) => cause === `${stack}/${id}`).length +
          (properties.AlarmActions?.length ? 1 : 0);
        const isVague = resource.Type === type && !properties.TreatMissingData;
        return (ways !== 1 || isVague || !runbooks.some((name) => name === page)) && `${id}: ${ways} ways`;
      });
    },
    reintroduce: (templates) => {
      const [group] = groupsOf(templates);
      const [stack = '', id = ''] = group?.causes[0]?.split('/') ?? [];
      const cause = templates[stack]?.Resources[id];
      if (cause && group) cause.Properties.AlarmActions = group.found.properties.AlarmActions;
    },
  },
  {
    name: 'groups of alarms have several causes, which exist, and are quiet while a graver one rings',
    findings: (templates) =>
      groupsOf(templates).flatMap(({ found: { stack, id, properties }, causes }) => [
        ...each(
          causes,
          (cause) =>
            templates[stack]?.Resources[cause.split('/')[1] ?? '']?.Type !== type && `${id}: ${cause}`,
        ),
        ...(causes.length < 2 ? [`${id}: of ${causes.length} alarms`] : []),
        ...(properties.ActionsSuppressor ? [] : [`${id}: rings in an outage, too`]),
      ]),
    reintroduce: (templates) => {
      oneOf(templates, composite).properties.AlarmRule = 'ALARM(MemoryUtilizationAlarm)';
    },
  },
  {
    name: 'a function that fails, or is not let run, is heard of',
    findings: (templates) =>
      each(resourcesOf(templates, 'AWS::Lambda::Function'), ({ stack, id }) => {
        const inStack = Object.values(templates[stack]?.Resources ?? {});
        const isNamedBy = (found: Properties) => JSON.stringify(found).includes(`"${id}"`);
        const isHeardOf =
          // Its caller gets a 5xx, or CloudFormation a failure; called without a wait, it leaves a dead letter.
          inStack.some(({ Type, Properties }) => hearsOf.test(Type) && isNamedBy(Properties ?? {})) ||
          ['Errors', 'Throttles'].every((name) =>
            alarms(templates).some(
              (alarm) => metricNamed(name)(alarm) && JSON.stringify(metricsOf(alarm)).includes(`Ref${id}`),
            ),
          );
        return !isHeardOf && `${stack}/${id}`;
      }),
    reintroduce: (templates) => {
      const { stack, id } = oneOf(templates, type, metricNamed('Throttles'));
      delete templates[stack]?.Resources[id];
    },
  },
];

/** By which resources a function's failure is heard of: methods and authorizers, custom resources, destinations. */
const hearsOf =
  /^(AWS::ApiGateway::(Method|Authorizer)|Custom::\w+|AWS::CloudFormation::CustomResource|AWS::Lambda::EventInvokeConfig)$/;

/** Composite alarms, each with the alarms its rule names: `<stack>/<id>`. */
function groupsOf(templates: Templates): { found: FoundResource; causes: string[] }[] {
  return resourcesOf(templates, composite).map((found) => {
    const named = JSON.stringify(found.properties.AlarmRule).matchAll(/"Fn::GetAtt":\["(\w+)","Arn"\]/g);
    return { found, causes: [...named].map(([, id]) => `${found.stack}/${id}`) };
  });
}
