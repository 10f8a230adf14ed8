import { isWildcardOnlyAction, runSimulation } from '@cloud-copilot/iam-simulate';
import { account } from '../../rules/service-input/ids.ts';
import type { Call } from './call.ts';
import { everything, type Policies, type Policy } from './policies.ts';

/** What comes with every call that is made here: by TLS, in one account. */
const always = {
  'aws:SecureTransport': 'true',
  'aws:PrincipalAccount': account,
  'aws:ResourceAccount': account,
  'aws:SourceAccount': account,
};

/** Whether IAM, as it evaluates identity, boundary and resource policies together, allows the call. */
export async function isAllowed(call: Call, { identity, boundary, resource }: Policies): Promise<boolean> {
  const { caller, action, context } = call;
  const [service = '', name = ''] = action.split(':');
  const target = (await isWildcardOnlyAction(service, name)) ? '*' : call.resource;
  const bound = boundary.get(caller);
  const resourcePolicy = resource.get(policyHolder(target));
  const attached = identity.get(caller) ?? policiesElsewhere(caller);
  // A simulation takes milliseconds, and most attempts are of services that a role has nothing to do with.
  if (!resourcePolicy && !attached.some((policy) => mentions(policy, service))) return false;
  const answer = await runSimulation(
    {
      request: {
        principal: caller,
        action,
        resource: { resource: target, accountId: account },
        contextVariables: { ...always, ...context },
      },
      identityPolicies: attached.map((policy, index) => ({ name: `${index}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(bound && { permissionBoundaryPolicies: [{ name: 'boundary', policy: bound }] }),
      ...(resourcePolicy && { resourcePolicy }),
    },
    {},
  );
  if (answer.resultType === 'error')
    throw new Error(`${action} on ${target} is no call: ${JSON.stringify(answer.errors)}`);
  return answer.overallResult === 'Allowed';
}

/** Whether an action of the service stands in the policy, or all of them do. */
function mentions({ Statement }: Policy, service: string): boolean {
  return [Statement]
    .flat()
    .flatMap(({ Action, NotAction }) => (NotAction ? '*' : Action))
    .some((action: string) => action === '*' || action.toLowerCase().startsWith(`${service}:`));
}

/** What an account of AWS' own allows itself: whatever our side allows it. */
function policiesElsewhere(caller: string): Policy[] {
  if (!caller.startsWith('arn:') || caller.includes(`:${account}:`)) return [];
  return [everything];
}

/** Whose policy speaks for the resource: the bucket of an object, the function of an alias. */
export function policyHolder(arn: string): string {
  const [bucket = ''] = arn.split('/');
  if (arn.startsWith('arn:aws:s3:::')) return bucket;
  return arn.includes(':function:') ? arn.split(':').slice(0, 7).join(':') : arn;
}
