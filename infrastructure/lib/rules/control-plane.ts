import { each, type Rule } from './rule.ts';
import { oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const fn = 'AWS::Lambda::Function';
const method = 'AWS::ApiGateway::Method';
const methods = (templates: Templates) =>
  resourcesOf(templates, method).filter(({ properties }) => properties.HttpMethod !== 'OPTIONS');
const machine = 'AWS::StepFunctions::StateMachine';
/** What AWS Lambda allows at most. */
const longestCallSeconds = 900;
const runsSteps = ({ Handler }: Properties) =>
  ['advance.handler', 'instance-event.handler'].includes(Handler as string);
/** API Gateway waits no longer for its function. */
const gatewaySeconds = 29;

export const controlPlaneRules: Rule[] = [
  {
    name: 'functions are Node 24 on ARM64',
    findings: (templates) =>
      each(
        resourcesOf(templates, fn),
        ({ id, properties }) =>
          (properties.Runtime !== 'nodejs24.x' || properties.Architectures?.[0] !== 'arm64') &&
          `${id}: ${properties.Runtime}`,
      ),
    reintroduce: (templates) => {
      oneOf(templates, fn).properties.Runtime = 'nodejs18.x';
    },
  },
  {
    name: 'the API answers before its gateway gives up',
    findings: (templates) =>
      each(
        resourcesOf(templates, fn).filter(({ properties }) => properties.Handler === 'handler.handler'),
        ({ id, properties }) => properties.Timeout >= gatewaySeconds && `${id}: ${properties.Timeout} s`,
      ),
    reintroduce: (templates) => {
      oneOf(templates, fn, ({ properties }) => properties.Handler === 'handler.handler').properties.Timeout =
        300;
    },
  },
  {
    name: 'functions that run steps have the longest time there is, and know it',
    findings: (templates) =>
      each(
        resourcesOf(templates, fn).filter(({ properties }) => runsSteps(properties)),
        ({ id, properties }) => {
          const known = properties.Environment?.Variables?.KYO_FUNCTION_SECONDS;
          return (
            (properties.Timeout !== longestCallSeconds || known !== String(properties.Timeout)) &&
            `${id}: ${properties.Timeout} s, and thinks ${known}`
          );
        },
      ),
    reintroduce: (templates) => {
      oneOf(templates, fn, ({ properties }) => runsSteps(properties)).properties.Timeout = 300;
    },
  },
  {
    name: 'nobody calls the API without a token, and every request is checked',
    findings: (templates) =>
      each(
        methods(templates),
        ({ id, properties }) =>
          (properties.AuthorizationType !== 'CUSTOM' ||
            !properties.AuthorizerId ||
            !properties.RequestValidatorId) &&
          id,
      ),
    reintroduce: (templates) => {
      const open = methods(templates).find(({ properties }) => properties.HttpMethod === 'POST');
      if (open) open.properties.AuthorizationType = 'NONE';
    },
  },
  {
    name: 'a method that a path does not have is answered with those it has',
    findings: (templates) => {
      const byPath = Map.groupBy(methods(templates), ({ properties }) =>
        JSON.stringify(properties.ResourceId),
      );
      return [...byPath.values()].flatMap((ofPath) => {
        const names = ofPath.map(({ properties }) => properties.HttpMethod).filter((name) => name !== 'ANY');
        const any = JSON.stringify(ofPath.find(({ properties }) => properties.HttpMethod === 'ANY') ?? {});
        return any.includes(`"'${names.join(', ')}'"`) ? [] : [`${ofPath[0]?.id}: ${names.join(', ')}`];
      });
    },
    reintroduce: (templates) => {
      const any = methods(templates).find(({ properties }) => properties.HttpMethod === 'ANY');
      if (any) any.properties.HttpMethod = 'OPTIONS';
    },
  },
  {
    name: 'the API is throttled and keeps an access log',
    findings: (templates) =>
      each(resourcesOf(templates, 'AWS::ApiGateway::Stage'), ({ id, properties }) => {
        const [settings] = (properties.MethodSettings ?? []) as Properties[];
        return (!settings?.ThrottlingRateLimit || !properties.AccessLogSetting) && id;
      }),
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::ApiGateway::Stage').properties.MethodSettings = [];
    },
  },
  {
    name: 'what EventBridge cannot deliver is kept',
    findings: (templates) =>
      each(
        resourcesOf(templates, 'AWS::Events::Rule').filter(({ stack }) => stack === 'provisioning'),
        ({ id, properties }) =>
          properties.Targets.some((target: Properties) => !target.DeadLetterConfig) && id,
      ),
    reintroduce: (templates) => {
      const { properties } = oneOf(templates, 'AWS::Events::Rule', ({ stack }) => stack === 'provisioning');
      properties.Targets[0].DeadLetterConfig = undefined;
    },
  },
  {
    name: 'the state machine knows four states and no step',
    findings: (templates) =>
      each(resourcesOf(templates, machine), ({ id, properties }) => {
        const text = JSON.stringify(properties.DefinitionString);
        const states = text.match(/\\"Type\\":\\"(Task|Choice|Wait|Succeed)\\"/g) ?? [];
        return (
          (states.length !== 4 || /create-database|migrate|activate/.test(text)) &&
          `${id}: ${states.length} states`
        );
      }),
    reintroduce: (templates) => {
      const { properties } = oneOf(templates, machine);
      properties.DefinitionString = JSON.stringify(properties.DefinitionString).replace(
        'Advance',
        'create-database',
      );
    },
  },
  {
    name: 'whoever creates databases is held to the tags of the stage',
    findings: (templates) =>
      each(statements(templates, 'rds:CreateDBInstance'), ({ Resource, Condition }) => {
        const onDatabases = JSON.stringify(Resource).includes(':db:');
        return (
          onDatabases && !Condition?.StringEquals?.['aws:RequestTag/kyo:stage'] && JSON.stringify(Resource)
        );
      }),
    reintroduce: (templates) => {
      for (const statement of statements(templates, 'rds:CreateDBInstance')) statement.Condition = undefined;
    },
  },
  {
    name: 'what changes databases at run time reaches those named as tenants, and no other',
    findings: (templates) =>
      each(databasesChanged(templates), ({ action, resource }) => {
        const ofTenants = /:(db|snapshot):kyo-[a-z0-9]+-t-\*/.test(resource);
        const shared = action === 'rds:RestoreDBInstanceToPointInTime' && /Shared/.test(resource);
        return !ofTenants && !shared && `${action} on ${resource}`;
      }),
    reintroduce: (templates) => {
      for (const statement of statements(templates, 'rds:AddTagsToResource'))
        statement.Resource = JSON.parse(JSON.stringify(statement.Resource).replaceAll('-t-*', '-*'));
    },
  },
  {
    name: 'no stack is called as the servers of tenants are',
    findings: (templates) => each(Object.keys(templates), (stack) => /^t(-|$)/.test(stack) && stack),
    reintroduce: (templates) => {
      templates['t-data'] = { Resources: {} };
    },
  },
];

/** Every change of a database that a role is allowed, with each database or snapshot it may be made to. */
function databasesChanged(templates: Templates): { action: string; resource: string }[] {
  return statements(templates).flatMap(({ Action, Resource }) =>
    [Action]
      .flat()
      .filter((action) => /^(\*|rds:(?!Describe|List))/.test(action))
      .flatMap((action) =>
        [Resource]
          .flat()
          .map((resource) => JSON.stringify(resource))
          .filter((resource) => /:(db|snapshot):|^"\*"$/.test(resource))
          .map((resource) => ({ action, resource })),
      ),
  );
}

/** Of every role's policies, or those with this action. */
function statements(templates: Templates, action?: string): Properties[] {
  return resourcesOf(templates, 'AWS::IAM::Policy').flatMap(({ properties }) =>
    (properties.PolicyDocument.Statement as Properties[]).filter(
      ({ Action }) => action === undefined || [Action].flat().includes(action),
    ),
  );
}
