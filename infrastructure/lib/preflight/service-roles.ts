import { CreateServiceLinkedRoleCommand, type IAMClient, paginateListRoles } from '@aws-sdk/client-iam';
import { type Check, isDenied } from './check.ts';

/**
 * Roles that services make for themselves when they are first used in an account. The first use fails now and then, because
 * IAM has not told everybody yet ("Unable to assume the service linked role"), and takes its stack with it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
 */
const services = [
  'ecs.amazonaws.com',
  'ecs.application-autoscaling.amazonaws.com',
  'elasticloadbalancing.amazonaws.com',
  'rds.amazonaws.com',
  'elasticache.amazonaws.com',
  'ops.apigateway.amazonaws.com',
];

/** A role's path names its service. */
async function missingServices(iam: IAMClient): Promise<string[]> {
  const there = new Set<string | undefined>();
  const pages = paginateListRoles({ client: iam }, { PathPrefix: '/aws-service-role/' });
  for await (const { Roles = [] } of pages) for (const { Path } of Roles) there.add(Path?.split('/')[2]);
  return services.filter((service) => !there.has(service));
}

export const serviceRoleCheck: Check = {
  name: 'service-linked roles',
  async look({ clients }) {
    const missing = await missingServices(clients.iam);
    if (missing.length === 0) return [{ level: 'ok', detail: 'all there' }];
    return [
      {
        level: 'warning',
        detail: `not made yet for ${missing.join(', ')}`,
        remedy:
          'A deployment makes them. A role that may not (CI): as an administrator, ' +
          'aws iam create-service-linked-role --aws-service-name …, for each.',
      },
    ];
  },
};

/**
 * Makes those that are missing; answers with whose. They cost nothing, and outlive a stage. An identity that may not makes
 * none: the services do so themselves, as ever.
 */
export async function createServiceRoles(iam: IAMClient): Promise<string[]> {
  try {
    const missing = await missingServices(iam);
    for (const AWSServiceName of missing) await createServiceRole(AWSServiceName, iam);
    return missing;
  } catch (error) {
    if (isDenied(error as Error)) return [];
    throw error;
  }
}

async function createServiceRole(AWSServiceName: string, iam: IAMClient): Promise<void> {
  await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName })).catch((error: Error) => {
    // Another deployment was quicker.
    if (!/has been taken|already exists/.test(error.message)) throw error;
  });
}
