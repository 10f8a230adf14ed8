import type * as kms from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/** Letters and digits: good in a URL, in an environment, in anything. 40 of them are 238 bits. */
const passwordRules = { passwordLength: 40, excludePunctuation: true };

/** Who somebody is to a server: JSON with `username` and `password`. CloudFormation draws the first password; it is in no template. */
export class Login extends Secret {
  constructor(scope: Construct, id: string, { username, key }: { username: string; key: kms.IKey }) {
    super(scope, id, {
      encryptionKey: key,
      generateSecretString: {
        ...passwordRules,
        secretStringTemplate: JSON.stringify({ username }),
        generateStringKey: 'password',
      },
    });
  }
}
