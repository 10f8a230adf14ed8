import { type App, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Stage } from '../../config/index.ts';
import { acknowledgementsOf } from './acknowledgements.ts';

/**
 * Judges we did not write, beside CDK's own validation of templates (cdk.json makes its findings errors): what they find
 * stops synthesis, unless a reason is given.
 */
export function addJudges(app: App, stage: Stage): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  for (const { stack: name, id, reason } of acknowledgementsOf(stage)) {
    const stack = app.node.tryFindChild(`kyo-${stage.name}-${name}`);
    if (!Stack.isStack(stack)) throw new Error(`There is no stack "${name}" to acknowledge ${id} for.`);
    Validations.of(stack).acknowledge({ id, reason });
  }
}
