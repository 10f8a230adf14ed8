import type { InputRule } from './input-rule.ts';

/** Of a function's resource-based policy ("Lambda quotas"); it counts the policy's text. */
const policyBytes = 20_480;

/** CloudFormation shortens the ids it makes. */
const sidCharacters = 64;

const permission = 'AWS::Lambda::Permission';

export const lambdaInput: InputRule[] = [
  {
    name: "a function's resource policy fits",
    type: permission,
    refuses: ({ FunctionName }, { all }) => {
      const ofFunction = all(permission).filter(({ properties }) => properties.FunctionName === FunctionName);
      const bytes = JSON.stringify({
        Version: '2012-10-17',
        Id: 'default',
        Statement: ofFunction.map(
          ({ name, properties: { Principal, Action, SourceArn, SourceAccount } }) => ({
            Sid: name.slice(0, sidCharacters),
            Effect: 'Allow',
            Principal: { Service: Principal },
            Action,
            Resource: FunctionName,
            Condition: {
              StringEquals: { 'AWS:SourceAccount': SourceAccount },
              ArnLike: { 'AWS:SourceArn': SourceArn },
            },
          }),
        ),
      }).length;
      return (
        bytes > policyBytes && `The final policy size (${bytes}) is bigger than the limit (${policyBytes}).`
      );
    },
    fault: ({ provisioning }) => {
      const { Resources = {} } = provisioning ?? {};
      const [[, found] = []] = Object.entries(Resources).filter(([, { Type }]) => Type === permission);
      // API Gateway's two for each method: one for its stage, one for the console's tests.
      for (let number = 0; found && number < 56; number++) Resources[`MethodPermission${number}`] = found;
    },
  },
];
