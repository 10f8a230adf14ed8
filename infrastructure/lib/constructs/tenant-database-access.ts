import { ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { ServiceContext } from '../services/definition.ts';
import { secretsPrefixOf } from './names.ts';
import { openSecretsWith } from './secret-access.ts';

/** May read the passwords of the tenants' own roles, of this stage. */
export function grantTenantDatabases(role: iam.IGrantable, { stage, data }: ServiceContext): void {
  role.grantPrincipal.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'TenantDatabases',
      actions: ['secretsmanager:GetSecretValue'],
      resources: [
        Stack.of(data).formatArn({
          service: 'secretsmanager',
          resource: 'secret',
          resourceName: `${secretsPrefixOf(stage)}tenants/*`,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
    }),
  );
  openSecretsWith(role, data.key);
}
