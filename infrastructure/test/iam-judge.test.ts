import { beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../config/index.ts';
import { escapes } from '../lib/judges/iam/escapes/index.ts';
import { ImaginedAccount } from '../lib/judges/iam/implied/account.ts';
import { judgeIam } from '../lib/judges/iam/index.ts';
import { policiesOf } from '../lib/judges/iam/policies.ts';
import { isAllowed } from '../lib/judges/iam/simulate.ts';
import { AsDeployed } from '../lib/rules/service-input/as-deployed.ts';
import { type Properties, resourcesOf, type Templates } from '../lib/rules/templates.ts';
import { templatesOf } from './templates.ts';

const github: Stage['github'] = {
  deploySubject: 'repo:studio/kyo:environment:dev',
  pullRequestSubject: 'repo:studio/kyo:pull_request',
};
const stages = { dev: {} as Templates, prod: {} as Templates };
beforeAll(async () => {
  stages.dev = await templatesOf('dev', { github }, 'dev with GitHub');
  stages.prod = await templatesOf('prod', { github }, 'prod with GitHub');
});

describe.each(['dev', 'prod'] as const)('IAM of %s', (name) => {
  it('allows what AWS does for the platform, and denies what must not be', async () => {
    const { judged, findings } = await judgeIam(stages[name]);
    expect(findings).toEqual([]);
    expect(judged).toBeGreaterThan(400);
  });
});

describe('the fence of a stage', () => {
  it('is what keeps the roles that deploy it from the other stage', async () => {
    const deployed = new AsDeployed(stages.dev);
    const policies = policiesOf(deployed);
    const attempts = escapes(new ImaginedAccount(deployed)).filter(({ caller }) =>
      caller.includes('/cdk-kyodev-'),
    );
    policies.boundary.clear();
    const allowed = [];
    for (const attempt of attempts) if (await isAllowed(attempt, policies)) allowed.push(attempt);
    // A key's own policy has the last word, and is not here.
    expect(allowed.length).toBeGreaterThan(attempts.length * 0.9);
  });
});

interface Fault {
  fault: string;
  put(templates: Templates): void;
  found: RegExp;
}

/** Each was in the platform once, or is one change away. */
const faults: Fault[] = [
  {
    fault: 'who reads a secret may not use its key',
    put: without((statement) => actionsOf(statement).includes('kms:Decrypt')),
    found: /^denied: .*SweepRole.* kms:Decrypt .*"Access to KMS is not allowed"$/,
  },
  {
    fault: 'a container gets its secrets without their key',
    put: without((statement) => actionsOf(statement).includes('kms:Decrypt')),
    found: /^denied: .*ExecutionRole.* kms:Decrypt .*cannot put KYO_REDIS_LOGIN into the container$/,
  },
  {
    fault: 'the policy of the topic forgets CloudWatch',
    put: withoutResource('AWS::SNS::TopicPolicy', (statement) => serviceOf(statement) === 'cloudwatch'),
    found: /^denied: cloudwatch\S+ sns:Publish .* rings nowhere$/,
  },
  {
    fault: 'the policy of the topic forgets EventBridge',
    put: withoutResource('AWS::SNS::TopicPolicy', (statement) => serviceOf(statement) === 'events'),
    found: /^denied: events\S+ sns:Publish .*BackupFailed.* reaches nothing$/,
  },
  {
    fault: 'dead letters come from rules that their queue does not name',
    put: withoutResource('AWS::SQS::QueuePolicy', (statement) => serviceOf(statement) === 'events'),
    found: /^denied: events\S+ sqs:SendMessage .* is lost$/,
  },
  {
    fault: 'a rule may not call its function',
    put: removing('AWS::Lambda::Permission', ({ Principal }) => Principal === 'events.amazonaws.com'),
    found: /^denied: events\S+ lambda:InvokeFunction .*EveryMinute.* reaches nothing$/,
  },
  {
    fault: 'API Gateway may not call the authorizer',
    put: removing('AWS::Lambda::Permission', ({ SourceArn }) =>
      JSON.stringify(SourceArn).includes('authorizers'),
    ),
    found: /^denied: apigateway\S+ lambda:InvokeFunction .*every request answers 500$/,
  },
  {
    fault: 'the API is called by another stage of its gateway than it permits',
    put: changing('AWS::Lambda::Permission', ({ SourceArn }) => {
      if (JSON.stringify(SourceArn).includes('/*/*/*')) SourceArn['Fn::Join'][1].splice(-1, 1, '/v0/*/*');
    }),
    found: /^denied: apigateway\S+ lambda:InvokeFunction .*GET.* answers 500$/,
  },
  {
    fault: 'ECS may not pull the images',
    put: without((statement) => actionsOf(statement).includes('ecr:BatchGetImage')),
    found: /^denied: .*ExecutionRole.* ecr:BatchGetImage .*cannot pull/,
  },
  {
    fault: 'a function in the network may make no interface',
    put: without((statement) => actionsOf(statement).includes('ec2:CreateNetworkInterface')),
    found: /^denied: .* ec2:CreateNetworkInterface .*Lambda makes no interface for it$/,
  },
  {
    fault: 'the state machine may not set up its log',
    put: without((statement) => actionsOf(statement).includes('logs:CreateLogDelivery')),
    found: /^denied: .* logs:CreateLogDelivery .*the state machine cannot be created$/,
  },
  {
    fault: 'the state machine may not call its function',
    put: without((statement) => actionsOf(statement).includes('lambda:InvokeFunction')),
    found: /^denied: .* lambda:InvokeFunction .*no operation is driven$/,
  },
  {
    fault: 'the bucket of the site is closed to CloudFront',
    put: withoutResource('AWS::S3::BucketPolicy', (statement) => serviceOf(statement) === 'cloudfront'),
    found: /^denied: cloudfront\S+ s3:GetObject .*the site answers 403$/,
  },
  {
    fault: 'the load balancer may not write its log',
    put: withoutResource('AWS::S3::BucketPolicy', (statement) =>
      JSON.stringify(statement).includes('582318560864'),
    ),
    found: /^denied: .* s3:PutObject .*the load balancer cannot be created$/,
  },
  {
    fault: 'a role trusts another service than the one that is given it',
    put: changing('AWS::IAM::Role', ({ AssumeRolePolicyDocument: { Statement } }) => {
      if (serviceOf(Statement[0]) === 'states') Statement[0].Principal.Service = 'lambda.amazonaws.com';
    }),
    found: /^denied: states\S+ sts:AssumeRole .*may not use its role$/,
  },
  {
    fault: 'the provisioner may tag whatever the request says is a tenant’s',
    put: granting('FunctionsAdvanceRole', {
      Action: 'rds:AddTagsToResource',
      Resource: 'arn:aws:rds:*:*:db:kyo-*',
      Condition: { StringEquals: { 'aws:RequestTag/kyo:managed': 'true' } },
    }),
    found: /^allowed: .*AdvanceRole.* rds:AddTagsToResource .*MasterServer.* is tagged as a tenant's$/,
  },
  {
    fault: 'the provisioner may restore from any database',
    put: granting('FunctionsAdvanceRole', {
      Action: 'rds:RestoreDBInstanceToPointInTime',
      Resource: 'arn:aws:rds:*:*:db:kyo-*',
    }),
    found: /^allowed: .*AdvanceRole.* rds:RestoreDBInstanceToPointInTime .*a copy of .*MasterServer/,
  },
  {
    fault: 'a service reads the master passwords of tenants',
    put: granting('kyootpserviceTaskTaskRole', {
      Action: 'secretsmanager:GetSecretValue',
      Resource: 'arn:aws:secretsmanager:*:*:secret:rds!db-*',
    }),
    found: /^allowed: .*TaskRole.* secretsmanager:GetSecretValue .*a tenant's master password is read$/,
  },
  {
    fault: 'CI of one stage reads the stacks of all',
    put: (templates) => {
      granting('RolesDeploy', {
        Action: 'cloudformation:GetTemplate',
        Resource: 'arn:aws:cloudformation:*:*:stack/kyo-*',
      })(templates);
      unbounded(templates);
    },
    found: /^allowed: .*RolesDeploy.* cloudformation:GetTemplate .*it belongs to dev$/,
  },
  {
    fault: 'a role is out of the bounds of the stage',
    put: (templates) => unbounded(templates),
    found: /^denied: cdk-kyoprod-cfn-exec-role\S+ iam:CreateRole .* cannot be created$/,
  },
  {
    fault: 'CI of one stage may become the roles that deploy any',
    put: (templates) => {
      granting('RolesDeploy', { Action: 'sts:AssumeRole', Resource: 'arn:aws:iam::*:role/cdk-*' })(templates);
      unbounded(templates);
    },
    found: /^allowed: .*RolesDeploy.* sts:AssumeRole .*cdk-kyodev-deploy-role.* it belongs to dev$/,
  },
  {
    fault: 'a function may give roles away',
    put: granting('FunctionsApiRole', { Action: 'iam:PassRole', Resource: '*' }),
    found: /^allowed: .*ApiRole.* iam:PassRole .*another role is given away$/,
  },
];

describe('a fault that is put back in is found', () => {
  it.each(faults)('$fault', async ({ put, found }) => {
    const broken = structuredClone(stages.prod);
    put(broken);
    const { findings } = await judgeIam(broken);
    expect(findings).toContainEqual(expect.stringMatching(found));
  });
});

const actionsOf = ({ Action }: Properties): string[] => [Action].flat();
const serviceOf = ({ Principal }: Properties): string => `${Principal?.Service ?? ''}`.split('.')[0] ?? '';

function changing(type: string, change: (properties: Properties) => void): Fault['put'] {
  return (templates) => {
    for (const { properties } of resourcesOf(templates, type)) change(properties);
  };
}

function removing(type: string, wanted: (properties: Properties) => boolean): Fault['put'] {
  return (templates) => {
    for (const { stack, id, properties } of resourcesOf(templates, type))
      if (wanted(properties)) delete templates[stack]?.Resources[id];
  };
}

function withoutResource(type: string, wanted: (statement: Properties) => boolean): Fault['put'] {
  return changing(type, ({ PolicyDocument }) => {
    PolicyDocument.Statement = PolicyDocument.Statement.filter((each: Properties) => !wanted(each));
  });
}

/** Takes a statement out of every role's policy. */
function without(wanted: (statement: Properties) => boolean): Fault['put'] {
  return withoutResource('AWS::IAM::Policy', wanted);
}

/** Gives one more statement to a role, by the beginning of its logical id. */
function granting(role: string, statement: Properties): Fault['put'] {
  return (templates) => {
    for (const { id, properties } of resourcesOf(templates, 'AWS::IAM::Policy'))
      if (id.startsWith(role)) properties.PolicyDocument.Statement.push({ Effect: 'Allow', ...statement });
  };
}

/** As if the stage had no fence. */
const unbounded = changing('AWS::IAM::Role', (properties) => {
  properties.PermissionsBoundary = undefined;
});
