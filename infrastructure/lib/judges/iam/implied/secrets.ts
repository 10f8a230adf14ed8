import { account } from '../../../rules/service-input/ids.ts';
import type { Call } from '../call.ts';
import type { Policies } from '../policies.ts';
import { isAllowed } from '../simulate.ts';
import type { ImaginedAccount } from './account.ts';

/** AWS Secrets Manager User Guide, "Permissions for the KMS key". */
const needsOfKey: Record<string, string[]> = {
  'secretsmanager:GetSecretValue': ['kms:Decrypt'],
  'secretsmanager:PutSecretValue': ['kms:GenerateDataKey', 'kms:Decrypt'],
};

/** What may be done with a secret takes its key as well: Secrets Manager asks for it in the caller's name. */
export async function keysOfSecrets(imagined: ImaginedAccount, policies: Policies): Promise<Call[]> {
  const calls: Call[] = [];
  for (const { arn, key } of secretsOf(imagined)) {
    for (const [caller, documents] of policies.identity) {
      const text = JSON.stringify(documents);
      for (const [action, actions] of Object.entries(needsOfKey)) {
        if (!text.includes(action)) continue;
        const why = `${action} on ${arn}: "Access to KMS is not allowed"`;
        const context = {
          'kms:ViaService': `secretsmanager.${key.region}.amazonaws.com`,
          'kms:EncryptionContext:SecretARN': arn,
          'kms:CallerAccount': account,
          'aws:ResourceTag/aws:rds:primaryDBInstanceArn': `arn:aws:rds:${key.region}:${account}:db:kyo-${imagined.stage}-t-gym`,
        };
        if (await isAllowed({ caller, action, resource: arn, context, why }, policies))
          calls.push(...actions.map((each) => ({ caller, action: each, resource: key.arn, context, why })));
      }
    }
  }
  return calls;
}

/** Those of the templates, and one of each kind that is made at run time under the stage's key. */
function secretsOf(imagined: ImaginedAccount) {
  const keys = imagined.of('AWS::KMS::Key').filter(({ stack }) => stack === 'data');
  const [stageKey] = keys;
  if (!stageKey) return [];
  const made = ['rds!db-0a1b2c3d-a1b2c3', `kyo/${imagined.stage}/tenants/gym/database-a1b2c3`];
  return [
    ...imagined.of('AWS::SecretsManager::Secret').flatMap(({ arn, properties }) => {
      const key = imagined.find(properties.KmsKeyId);
      return key ? [{ arn, key }] : [];
    }),
    ...made.map((name) => ({
      arn: `arn:aws:secretsmanager:${stageKey.region}:${account}:secret:${name}`,
      key: stageKey,
    })),
  ];
}
