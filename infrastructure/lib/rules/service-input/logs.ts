import type { InputRule } from './input-rule.ts';

/** "CloudWatch Logs quotas": per region and account; characters of each. */
const mostPolicies = 10;
const policyCharacters = 5_120;
const type = 'AWS::Logs::ResourcePolicy';

export const logsInput: InputRule[] = [
  {
    name: 'resource policies of logs are few and short',
    type,
    refuses: ({ PolicyDocument }, { all }) => {
      if (all(type).length > mostPolicies)
        return `Resource limit exceeded: ${mostPolicies} resource policies.`;
      return (
        String(PolicyDocument).length > policyCharacters &&
        `Length of policyDocument must be at most ${policyCharacters}.`
      );
    },
    fault: { PolicyName: 'long', PolicyDocument: 'x'.repeat(policyCharacters + 1) },
  },
];
