import { type CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { asReferences } from './followed-values.ts';
import { type Template, type Templates, withoutStage } from './rules/templates.ts';

/** The templates of what runs now; a stack that is not deployed yet is not among them. */
export async function deployedTemplates(
  stacks: readonly { stackName: string; region: string }[],
  clientOf: (region: string) => CloudFormationClient,
): Promise<Templates> {
  const found = await Promise.all(
    stacks.map(async ({ stackName, region }) => {
      // CDK's templates are JSON, and come back as they were sent.
      const command = new GetTemplateCommand({ StackName: stackName, TemplateStage: 'Original' });
      const answer = await clientOf(region)
        .send(command)
        .catch((error: Error) => {
          if (error.name === 'ValidationError') return undefined;
          throw error;
        });
      return (
        answer?.TemplateBody &&
        ([withoutStage(stackName), asReferences(JSON.parse(answer.TemplateBody) as Template)] as const)
      );
    }),
  );
  return Object.fromEntries(found.filter((each) => each !== undefined && each !== ''));
}
