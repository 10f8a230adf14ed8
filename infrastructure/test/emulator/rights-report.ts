import { ImaginedAccount } from '../../lib/judges/iam/implied/account.ts';
import { impliedCalls } from '../../lib/judges/iam/implied/index.ts';
import { policiesOf } from '../../lib/judges/iam/policies.ts';
import { IamRecord } from '../../lib/judges/iam/record.ts';
import { type UnusedRight, unusedRights } from '../../lib/judges/iam/unused.ts';
import { AsDeployed } from '../../lib/rules/service-input/as-deployed.ts';
import type { Templates } from '../../lib/rules/templates.ts';

export interface RightsReport {
  recorded: number;
  implied: number;
  denied: string[];
  unused: UnusedRight[];
}

/** What the roles of the deployed templates did and what AWS does in their name, judged; and which rights nobody used. */
export async function reportRights(recordFile: string, templates: Templates): Promise<RightsReport> {
  const record = new IamRecord(recordFile);
  const deployed = new AsDeployed(templates);
  const imagined = new ImaginedAccount(deployed);
  const policies = policiesOf(deployed);
  const implied = await impliedCalls(imagined, policies);
  const roles = imagined.of('AWS::IAM::Role');
  /** CloudFormation's names begin with those of stack and resource, shortened. */
  const imaginedRole = (name: string) =>
    roles.find(({ stack, id }) => name.startsWith(`kyo-${deployed.stage}-${stack}-${id}`.slice(0, 50)))
      ?.arn ?? '';
  const used = [
    ...record.calls.map(({ role, action }) => ({ caller: imaginedRole(role), action })),
    ...implied,
  ];
  return {
    recorded: record.calls.length,
    implied: implied.length,
    denied: await record.denied(),
    unused: unusedRights(policies, used).flatMap(({ role, action }) => {
      const found = roles.find(({ arn }) => arn === role);
      // Those of CDK's bootstrap are administrators within the fence.
      return found ? [{ role: found.name.replace(/[0-9A-F]{8}$/, ''), action }] : [];
    }),
  };
}
