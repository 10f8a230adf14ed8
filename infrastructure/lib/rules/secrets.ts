import { each, type Rule } from './rule.ts';
import { type FoundResource, type Properties, resourcesOf, type Templates } from './templates.ts';

const statementsOf = ({ PolicyDocument }: Properties): Properties[] => PolicyDocument.Statement;
const allows = ({ Effect, Action }: Properties, action: string) =>
  Effect === 'Allow' && [Action].flat().includes(action);
const policies = (templates: Templates) => resourcesOf(templates, 'AWS::IAM::Policy');

export const secretRules: Rule[] = [
  {
    // They face the Internet: what is looked at in databases of tenants, the driver of operations looks at.
    name: 'a function that API Gateway calls reads no secret but its own password of the master database',
    findings: (templates) =>
      each(policiesOf(templates, functionsCalledFromOutside(templates)), ({ functionId, own, statement }) => {
        const read = [statement.Resource].flat().map((resource) => JSON.stringify(resource));
        const foreign = read.filter((resource) => resource !== JSON.stringify(own));
        return (
          allows(statement, 'secretsmanager:GetSecretValue') &&
          foreign.length > 0 &&
          `${functionId}: ${foreign}`
        );
      }),
    reintroduce: (templates) => {
      for (const { statement } of policiesOf(templates, functionsCalledFromOutside(templates))) {
        if (allows(statement, 'secretsmanager:GetSecretValue'))
          statement.Resource = [statement.Resource, 'arn:aws:secretsmanager:*:*:secret:rds!db-*'];
      }
    },
  },
];

/** Those of methods and authorizers. */
function functionsCalledFromOutside(templates: Templates): FoundResource[] {
  const callers = JSON.stringify(
    resourcesOf(templates, 'AWS::ApiGateway::Method', 'AWS::ApiGateway::Authorizer').map(
      ({ properties }) => properties,
    ),
  );
  return resourcesOf(templates, 'AWS::Lambda::Function').filter(({ id }) => callers.includes(`"${id}"`));
}

/** Every statement of the functions' roles. */
function policiesOf(templates: Templates, functions: FoundResource[]) {
  return functions.flatMap(({ id: functionId, properties: { Role, Environment } }) =>
    policies(templates)
      .filter(({ properties: { Roles } }) => JSON.stringify(Roles).includes(`"${Role['Fn::GetAtt'][0]}"`))
      .flatMap(({ properties }) =>
        statementsOf(properties).map((statement) => ({
          functionId,
          own: Environment?.Variables?.KYO_MASTER_DATABASE_SECRET,
          statement,
        })),
      ),
  );
}
