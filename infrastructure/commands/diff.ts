import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SSMClient } from '@aws-sdk/client-ssm';
import { stageOf } from '../config/index.ts';
import { buildFunctions, root } from '../lib/code/index.ts';
import { deployedTemplates } from '../lib/deployed-templates.ts';
import { stageCost } from '../lib/prices/stage-cost.ts';
import { releasesOf } from '../lib/releases.ts';
import { readTemplates, type Templates } from '../lib/rules/index.ts';
import { synthesize } from '../lib/synthesize.ts';
import { readCdk } from './cdk.ts';
import { contextOf } from './context.ts';

// `npm run diff -- -c stage=dev [--markdown]`: what the code at hand would change of a stage, and of its price. Nothing is built
// but the functions, and the images are those that run.
const { values } = parseArgs({
  options: {
    context: { type: 'string', short: 'c', multiple: true },
    markdown: { type: 'boolean', default: false },
  },
});
const stage = stageOf(contextOf(values.context).stage);

try {
  const code = await buildFunctions(join(root, 'cdk.out', '.functions', stage.name));
  const running = (await releasesOf(stage, new SSMClient({ region: stage.region }))).at(-1);
  const { directory, stacks } = synthesize(stage, code, join(root, 'cdk.out', stage.name), running?.images);
  const changes = await readCdk('diff', '--app', directory);
  const before = await deployedTemplates(
    stacks.map(({ stackName, environment }) => ({ stackName, region: environment.region })),
    (region) => new CloudFormationClient({ region }),
  );
  const [was, is] = [monthlyUsd(before), monthlyUsd(readTemplates(directory))];
  const price = `USD ${is.toFixed(0)} a month before traffic (${is < was ? '' : '+'}${(is - was).toFixed(0)})`;
  process.stdout.write(
    values.markdown
      ? `### ${stage.name}: ${price}\n\n<details><summary>Changes</summary>\n\n\`\`\`\n${changes}\n\`\`\`\n\n</details>\n`
      : `${changes}\n${stage.name}: ${price}\n`,
  );
} catch (error) {
  process.stderr.write(`✗ ${(error as Error).message}\n`);
  process.exitCode = 1;
}

function monthlyUsd(templates: Templates): number {
  return stageCost(templates).reduce((sum, line) => sum + line.monthlyUsd, 0);
}
