import type { Properties } from '../templates.ts';
import type { InputRule, Surroundings } from './input-rule.ts';
import { sizeOf, unknownService } from './policies.ts';
import { listOf } from './values.ts';

/** Characters without white space ("IAM and AWS STS quotas"). */
const inlineSum = 10_240;
const managed = 6_144;
const trust = 2_048;

const policy = 'AWS::IAM::Policy';
const role = 'AWS::IAM::Role';

/** A thousand addresses of parameters: more than any policy may be long. */
const long = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'ssm:GetParameter',
      Resource: Array.from({ length: 1_000 }, (_, number) => `arn:aws:ssm:*:*:parameter/${number}`),
    },
  ],
};

/** The documents that a role has inline: its own, and those of policies that name it. */
function inlineOf(name: unknown, { all, find }: Surroundings): unknown[] {
  const attached = all(policy).filter(({ properties }) =>
    listOf(properties.Roles).includes(name as Properties),
  );
  const own = listOf(find(name)?.properties.Policies);
  return [...own, ...attached.map(({ properties }) => properties)].map(
    ({ PolicyDocument }) => PolicyDocument,
  );
}

export const iamInput: InputRule[] = [
  {
    name: "a role's inline policies fit",
    type: policy,
    refuses: ({ Roles }, surroundings) => {
      const tooLong = listOf(Roles).some(
        (name) =>
          inlineOf(name, surroundings).reduce<number>((sum, document) => sum + sizeOf(document), 0) >
          inlineSum,
      );
      return tooLong && `Maximum policy size of ${inlineSum} bytes exceeded for role.`;
    },
    fault: { PolicyDocument: long },
  },
  {
    name: 'a managed policy fits',
    type: 'AWS::IAM::ManagedPolicy',
    refuses: ({ PolicyDocument }) =>
      sizeOf(PolicyDocument) > managed && `Cannot exceed quota for PolicySize: ${managed}`,
    fault: { PolicyDocument: long },
  },
  {
    name: 'what a role trusts fits',
    type: role,
    refuses: ({ AssumeRolePolicyDocument }) =>
      sizeOf(AssumeRolePolicyDocument) > trust && `Cannot exceed quota for ACLSizePerRole: ${trust}`,
    fault: { AssumeRolePolicyDocument: long },
  },
  {
    name: 'roles trust services that exist',
    type: role,
    refuses: ({ AssumeRolePolicyDocument }) => unknownService(AssumeRolePolicyDocument),
    fault: {
      AssumeRolePolicyDocument: {
        Statement: [
          { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ecs-task.amazonaws.com' } },
        ],
      },
    },
  },
  {
    name: 'an account has one identity provider of a URL',
    type: 'AWS::IAM::OIDCProvider',
    refuses: ({ Url }, { all }) =>
      all('AWS::IAM::OIDCProvider').filter(({ properties }) => properties.Url === Url).length > 1 &&
      `Provider with url ${Url} already exists.`,
    fault: ({ services, data }) => {
      const provider = {
        Type: 'AWS::IAM::OIDCProvider',
        Properties: {
          Url: 'https://token.actions.githubusercontent.com',
          ClientIdList: ['sts.amazonaws.com'],
        },
      };
      for (const stack of [services, data]) if (stack) stack.Resources.Faulty = provider;
    },
  },
];
