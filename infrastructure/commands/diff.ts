import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SSMClient } from '@aws-sdk/client-ssm';
import { stageOf } from '../config/index.ts';
import { buildFunctions, root } from '../lib/code/index.ts';
import { deployedTemplates } from '../lib/deployed-templates.ts';
import { stageCost, sumOf } from '../lib/prices/stage-cost.ts';
import { releasesOf } from '../lib/releases.ts';
import { readTemplates, type Templates } from '../lib/rules/index.ts';
import { synthesize } from '../lib/synthesize.ts';
import { describeTemplateChanges } from '../lib/template-changes.ts';
import { announceAccount } from './account.ts';
import { command } from './command.ts';
import { contextOf } from './context.ts';

// `npm run diff -- -c stage=dev [--markdown]`: what the code at hand would change of a stage, and of its price. It reads and
// changes nothing: nothing is built but the functions, nothing is uploaded, and the images are those that run.
await command(async () => {
  const { values } = parseArgs({
    options: {
      context: { type: 'string', short: 'c', multiple: true },
      markdown: { type: 'boolean', default: false },
    },
  });
  const stage = stageOf(contextOf(values.context).stage);
  await announceAccount(stage);
  const code = await buildFunctions(join(root, 'cdk.out', '.functions', stage.name));
  const running = (await releasesOf(stage, new SSMClient({ region: stage.region }))).at(-1);
  const { directory, stacks } = synthesize(stage, code, join(root, 'cdk.out', stage.name), running?.images);
  const before = await deployedTemplates(
    stacks.map(({ stackName, environment }) => ({ stackName, region: environment.region })),
    (region) => new CloudFormationClient({ region }),
  );
  const after = readTemplates(directory);
  const changes = describeTemplateChanges(before, after);
  const monthlyUsd = (templates: Templates) => sumOf(stageCost(templates, stage.workload));
  const [was, is] = [monthlyUsd(before), monthlyUsd(after)];
  const price = `USD ${is.toFixed(0)} a month (${is < was ? '' : '+'}${(is - was).toFixed(0)})`;
  process.stdout.write(
    values.markdown
      ? `### ${stage.name}: ${price}\n\n<details><summary>Changes</summary>\n\n\`\`\`\n${changes}\n\`\`\`\n\n</details>\n`
      : `${changes}\n${stage.name}: ${price}\n`,
  );
});
