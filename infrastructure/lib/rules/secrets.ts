import { each, type Rule } from './rule.ts';
import { type Properties, resourcesOf, type Templates } from './templates.ts';

const statementsOf = ({ PolicyDocument }: Properties): Properties[] => PolicyDocument.Statement;
const allows = ({ Effect, Action }: Properties, action: string) =>
  Effect === 'Allow' && [Action].flat().includes(action);
const policies = (templates: Templates) => resourcesOf(templates, 'AWS::IAM::Policy');

export const secretRules: Rule[] = [
  {
    // All of ours are under the key of the stage. Without it: "Access to KMS is not allowed" (Secrets Manager guide, KMS key).
    name: 'a role that reads secrets may decrypt with their key',
    findings: (templates) =>
      each(policies(templates), ({ stack, id, properties }) => {
        const statements = statementsOf(properties);
        const reads = statements.some((each) => allows(each, 'secretsmanager:GetSecretValue'));
        const decrypts = statements.some((each) => allows(each, 'kms:Decrypt'));
        return reads && !decrypts && `${stack}/${id}`;
      }),
    reintroduce: (templates) => {
      for (const { properties } of policies(templates)) {
        properties.PolicyDocument.Statement = statementsOf(properties).filter(
          (each) => !allows(each, 'kms:Decrypt'),
        );
      }
    },
  },
];
