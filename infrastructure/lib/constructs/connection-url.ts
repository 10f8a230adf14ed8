import { SecretValue } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/** Letters and digits: good in a URL, in an environment, in anything. 40 of them are 238 bits. */
export const passwordRules = { passwordLength: 40, excludePunctuation: true };

/** A connection URL with its password, as services take it. CloudFormation puts the password in: it is in no template. */
export class ConnectionUrl extends Secret {
  constructor(
    scope: Construct,
    id: string,
    {
      protocol,
      user,
      password,
      address,
      key,
    }: {
      protocol: 'postgresql' | 'rediss';
      user: string;
      /** A secret with a `password` in it. */
      password: ISecret;
      /** `host:port`, or `host:port/database`. */
      address: string;
      key: kms.IKey;
    },
  ) {
    const value = password.secretValueFromJson('password').unsafeUnwrap();
    super(scope, id, {
      encryptionKey: key,
      secretStringValue: SecretValue.unsafePlainText(`${protocol}://${user}:${value}@${address}`),
    });
  }
}
