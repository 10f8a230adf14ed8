import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';

/*
 * A secret under a key of the stage takes two permissions: on the secret, and on the key it is encrypted with. CDK's own
 * `grantRead` gives the second in the key's policy, which names nobody here (ADR 16), and then gives nothing at all.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */

/** May read the secret, and decrypt what is in it. */
export function readSecret(grantee: iam.IGrantable, secret: ISecret): void {
  grant(grantee, ['secretsmanager:GetSecretValue'], secret.secretArn);
  openSecretsWith(grantee, keyOf(secret));
}

/** May read the secret, and put another value in its place. */
export function changeSecret(grantee: iam.IGrantable, secret: ISecret): void {
  readSecret(grantee, secret);
  grant(grantee, ['secretsmanager:PutSecretValue'], secret.secretArn);
  useKeyThrough('secretsmanager', grantee, keyOf(secret), ['kms:GenerateDataKey']);
}

/** May decrypt the secrets under the key that it may read: for those that have no name yet, and those that ECS grants. */
export function openSecretsWith(grantee: iam.IGrantable, key: kms.IKey): void {
  useKeyThrough('secretsmanager', grantee, key, ['kms:Decrypt']);
}

/** May have a service use the key in its name, and cannot use the key itself. */
export function useKeyThrough(
  service: 'secretsmanager' | 's3',
  grantee: iam.IGrantable,
  key: kms.IKey,
  actions: string[],
): void {
  grant(grantee, actions, key.keyArn, {
    StringEquals: { 'kms:ViaService': `${service}.${Stack.of(key).region}.amazonaws.com` },
  });
}

function keyOf(secret: ISecret): kms.IKey {
  if (!secret.encryptionKey) throw new Error(`${secret.node.path} is under no key of the stage.`);
  return secret.encryptionKey;
}

function grant(
  grantee: iam.IGrantable,
  actions: string[],
  resource: string,
  conditions?: Record<string, Record<string, string>>,
): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new iam.PolicyStatement({ actions, resources: [resource], ...(conditions && { conditions }) }),
  );
}
