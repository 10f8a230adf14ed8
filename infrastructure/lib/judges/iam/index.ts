import { AsDeployed } from '../../rules/service-input/as-deployed.ts';
import type { Templates } from '../../rules/templates.ts';
import type { Call } from './call.ts';
import { escapes } from './escapes/index.ts';
import { ImaginedAccount } from './implied/account.ts';
import { impliedCalls } from './implied/index.ts';
import { policiesOf } from './policies.ts';
import { isAllowed } from './simulate.ts';

/** How many calls were judged, and what is wrong: one line each. */
export interface IamFindings {
  judged: number;
  findings: string[];
}

/** Whether IAM lets AWS do what the templates have it do, and lets no role do what it must not. */
export async function judgeIam(templates: Templates): Promise<IamFindings> {
  const deployed = new AsDeployed(templates);
  const imagined = new ImaginedAccount(deployed);
  const policies = policiesOf(deployed);
  const implied = await impliedCalls(imagined, policies);
  const attempts = escapes(imagined);
  const findings: string[] = [];
  for (const call of implied)
    if (!(await isAllowed(call, policies))) findings.push(`denied: ${textOf(call)}: ${call.why}`);
  for (const call of attempts)
    if (await isAllowed(call, policies)) findings.push(`allowed: ${textOf(call)}: ${call.why}`);
  return { judged: implied.length + attempts.length, findings };
}

const textOf = ({ caller, action, resource }: Call) => `${caller.split('/').at(-1)} ${action} on ${resource}`;
