import {
  duringDeployment,
  instanceEventInstances,
  reserve,
  sweepInstances,
  unreservedInstances,
} from '../constructs/connection-budget.ts';
import { type InstanceType, maxConnections } from '../constructs/instance-memory.ts';
import { each, type Rule } from './rule.ts';
import { containersOf, oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

type Limits = Record<string, { connectionLimit: number }>;

const functionOf = (templates: Templates, program: string) =>
  oneOf(templates, 'AWS::Lambda::Function', ({ properties }) => properties.Handler === `${program}.handler`)
    .properties;

/** A JSON text that CloudFormation puts together; of what it puts in, a word is enough here. */
function textOf(value: string | { 'Fn::Join': [string, unknown[]] }): string {
  if (typeof value === 'string') return value;
  const [separator, parts] = value['Fn::Join'];
  return parts.map((part) => (typeof part === 'string' ? part : 'deployed')).join(separator);
}

/** By program, as the function is told that makes their roles. */
const limitsOf = (templates: Templates): Limits =>
  JSON.parse(textOf(functionOf(templates, 'prepare').Environment.Variables.KYO_MASTER_DATABASE_LOGINS));

/** Of all programs together. */
const allowedIn = (templates: Templates) =>
  Object.values(limitsOf(templates)).reduce((sum, { connectionLimit }) => sum + connectionLimit, 0);

const connectionsAlarm = (templates: Templates) =>
  oneOf(
    templates,
    'AWS::CloudWatch::Alarm',
    ({ properties }) =>
      properties.MetricName === 'DatabaseConnections' && /^master-database/.test(properties.AlarmDescription),
  ).properties;

function mostTasks(templates: Templates): number {
  const targets = resourcesOf(templates, 'AWS::ApplicationAutoScaling::ScalableTarget');
  const services = resourcesOf(templates, 'AWS::ECS::Service');
  const percents = services.map(({ properties }) => properties.DeploymentConfiguration.MaximumPercent);
  const most = Math.max(1, ...targets.map(({ properties }) => properties.MaxCapacity));
  return (most * Math.max(...percents)) / 100;
}

/** A pool, and a connection that listens, in each task. */
function ofService(templates: Templates, name: string): number {
  const container = containersOf(templates).find(({ Name }) => Name === name);
  const pool = ((container?.Environment ?? []) as Properties[]).find(
    ({ Name }) => Name === 'KYO_MASTER_DATABASE_CONNECTIONS',
  );
  return mostTasks(templates) * (Number(pool?.Value) + 1);
}

function ofFunction(templates: Templates, program: string, instances: number): number {
  const { ReservedConcurrentExecutions = instances, Environment } = functionOf(templates, program);
  return ReservedConcurrentExecutions * Number(Environment.Variables.KYO_MASTER_DATABASE_CONNECTIONS);
}

/** What the processes of each program may open. */
const opened = (templates: Templates): Record<string, number> => ({
  otp: ofService(templates, 'kyo-otp-service'),
  collaboration: ofService(templates, 'collaboration-service'),
  api: ofFunction(templates, 'handler', unreservedInstances) * duringDeployment,
  driver:
    ofFunction(templates, 'advance', unreservedInstances) +
    ofFunction(templates, 'instance-event', instanceEventInstances) +
    ofFunction(templates, 'sweep', sweepInstances),
});

export const connectionRules: Rule[] = [
  {
    name: 'a program may have as many connections to the master database as its processes open',
    findings: (templates) => {
      const limits = limitsOf(templates);
      return each(Object.entries(opened(templates)), ([program, count]) => {
        const { connectionLimit = 0 } = limits[program] ?? {};
        return count > connectionLimit && `${program}: ${count} of ${connectionLimit}`;
      });
    },
    reintroduce: (templates) => {
      for (const { properties } of resourcesOf(templates, 'AWS::ApplicationAutoScaling::ScalableTarget'))
        properties.MaxCapacity = 60;
    },
  },
  {
    name: 'the master database has the connections that its programs may have together, and some to spare',
    findings: (templates) => {
      const { properties } = oneOf(
        templates,
        'AWS::RDS::DBInstance',
        ({ properties }) => properties.DBName !== undefined,
      );
      const available =
        maxConnections(properties.DBInstanceClass.replace(/^db\./, '') as InstanceType) - reserve;
      const allowed = Object.values(limitsOf(templates)).reduce(
        (sum, limit) => sum + limit.connectionLimit,
        0,
      );
      return allowed > available ? [`${allowed} of ${available}`] : [];
    },
    reintroduce: (templates) => {
      oneOf(
        templates,
        'AWS::RDS::DBInstance',
        ({ properties }) => properties.DBName !== undefined,
      ).properties.DBInstanceClass = 'db.t4g.small';
    },
  },
  {
    name: 'the alarm of the master database’s connections rings before its programs have all they may have',
    findings: (templates) => {
      const { AlarmDescription, Threshold } = connectionsAlarm(templates);
      const allowed = allowedIn(templates);
      return Threshold < allowed ? [] : [`${AlarmDescription}: at ${Threshold} of ${allowed}`];
    },
    reintroduce: (templates) => {
      connectionsAlarm(templates).Threshold = allowedIn(templates);
    },
  },
];
