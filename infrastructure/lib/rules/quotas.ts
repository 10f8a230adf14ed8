import { each, type Rule } from './rule.ts';
import { oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

/** "CloudFormation quotas": of a template that is uploaded, as CDK's are. A tenth is left for the next change. */
const mostResources = 450;
const mostBytes = 900_000;
/** Lambda leaves 100 of an account's concurrent executions, 1,000 at first, to functions that reserve none. */
const mostReserved = 900;

/** Accounts have hundreds or thousands of these; with one for each of a thousand tenants they are used up, or cost more than the tenant. */
const notPerTenant =
  /^(\*|(cloudwatch|logs|events|sns|sqs|lambda|states|iam|kms|scheduler|budgets):(\*|(Create|Put)(MetricAlarm|CompositeAlarm|Dashboard|LogGroup|MetricFilter|Rule|Topic|Queue|Function|StateMachine|Role|Key|Schedule|Budget)\w*))$/;

/** What functions of the control plane may do: they act for every tenant. */
const allowedIn = (templates: Templates): { id: string; action: string }[] =>
  resourcesOf(templates, 'AWS::IAM::Policy')
    .filter(({ stack }) => stack === 'provisioning')
    .flatMap(({ id, properties }) =>
      (properties.PolicyDocument.Statement as Properties[])
        .filter(({ Effect }) => Effect === 'Allow')
        .flatMap(({ Action }) => [Action].flat().map((action: string) => ({ id, action }))),
    );

export const quotaRules: Rule[] = [
  {
    name: 'stacks have room to grow in what CloudFormation takes',
    findings: (templates) =>
      each(Object.entries(templates), ([stack, template]) => {
        const resources = Object.keys(template.Resources).length;
        const bytes = JSON.stringify(template).length;
        return (
          (resources > mostResources || bytes > mostBytes) &&
          `${stack}: ${resources} resources, ${bytes} bytes`
        );
      }),
    reintroduce: (templates) => {
      const { stack, resource } = oneOf(templates, 'AWS::Lambda::Permission');
      const { Resources = {} } = templates[stack] ?? {};
      for (let number = 0; number < mostResources; number++) Resources[`More${number}`] = resource;
    },
  },
  {
    name: 'no tenant has an alarm, a log group, a rule or the like of its own',
    findings: (templates) =>
      each(allowedIn(templates), ({ id, action }) => notPerTenant.test(action) && `${id} may ${action}`),
    reintroduce: (templates) => {
      const { properties } = oneOf(templates, 'AWS::IAM::Policy', ({ stack }) => stack === 'provisioning');
      properties.PolicyDocument.Statement.push({
        Effect: 'Allow',
        Action: 'cloudwatch:PutMetricAlarm',
        Resource: '*',
      });
    },
  },
  {
    name: 'functions reserve no more than an account has',
    findings: (templates) => {
      const reserved = resourcesOf(templates, 'AWS::Lambda::Function').reduce(
        (sum, { properties }) => sum + Number(properties.ReservedConcurrentExecutions ?? 0),
        0,
      );
      return reserved > mostReserved ? [`${reserved} executions of ${mostReserved}`] : [];
    },
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::Lambda::Function').properties.ReservedConcurrentExecutions = 950;
    },
  },
];
