import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { actionsOf, statementsOf } from './policies.ts';
import { listOf } from './values.ts';

/** Whether the statement lets the account, or a role of CloudFormation, change the policy afterwards. */
const keepsControl = ({ Effect, Principal, ...statement }: Properties) =>
  Effect === 'Allow' &&
  listOf(Principal?.AWS).some((name) => /:root$|cfn-exec-role/.test(String(name))) &&
  actionsOf(statement as Properties).some((action) =>
    ['kms:*', 'kms:Put*', 'kms:PutKeyPolicy'].includes(action),
  );

export const kmsInput: InputRule[] = [
  {
    name: 'the policy of a key can be changed again',
    type: 'AWS::KMS::Key',
    refuses: ({ KeyPolicy, BypassPolicyLockoutSafetyCheck }) =>
      BypassPolicyLockoutSafetyCheck !== true &&
      KeyPolicy !== undefined &&
      !statementsOf(KeyPolicy).some(keepsControl) &&
      'The new key policy will not allow you to update the key policy in the future.',
    fault: {
      KeyPolicy: {
        Statement: [
          {
            Effect: 'Allow',
            Action: 'kms:Decrypt',
            Principal: { AWS: 'arn:aws:iam::123456789012:root' },
            Resource: '*',
          },
        ],
      },
    },
  },
  {
    name: 'the key of a log group admits CloudWatch Logs',
    type: 'AWS::Logs::LogGroup',
    refuses: ({ KmsKeyId }, { find, region }) => {
      const key = KmsKeyId && find(KmsKeyId);
      const admits = ({ Principal }: Properties) =>
        listOf(Principal?.Service).map(String).includes(`logs.${region}.amazonaws.com`);
      return (
        key &&
        !statementsOf(key.properties.KeyPolicy).some(admits) &&
        `The specified KMS key does not exist or is not allowed to be used with the log group.`
      );
    },
    fault: (templates) => {
      const { Resources = {} } = templates.data ?? {};
      const [id] = Object.entries(Resources).find(([, { Type }]) => Type === 'AWS::KMS::Key') ?? [];
      Resources.Faulty = {
        Type: 'AWS::Logs::LogGroup',
        Properties: { KmsKeyId: { 'Fn::GetAtt': [id, 'Arn'] } },
      };
    },
  },
];
