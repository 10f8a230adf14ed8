import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stageOf } from '../config/index.ts';
import { buildFunctions, root } from '../lib/code/index.ts';
import { TemplateJudges } from '../lib/judges/templates.ts';
import { synthesize } from '../lib/synthesize.ts';
import { command } from './command.ts';
import { contextOf } from './context.ts';

// `npm run synth -- -c stage=dev`: templates in cdk.out/, every judge's findings as errors.
await command(async () => {
  const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true } } });
  const stage = stageOf(contextOf(values.context).stage);
  const startedAt = performance.now();
  const code = await buildFunctions(join(root, 'cdk.out', '.functions', stage.name));
  const directory = join(root, 'cdk.out', stage.name);
  const judges = new TemplateJudges(directory);
  const { stacks } = synthesize(stage, code, directory, {}, judges);
  process.stdout.write(`✓ CDK and cdk-nag find nothing in ${stacks.length} stacks\n`);
  const verdicts = await judges.verdicts();
  for (const { verdict, findings } of verdicts) {
    if (findings.length === 0) process.stdout.write(`✓ ${verdict}\n`);
    for (const finding of findings) process.stdout.write(`✗ ${finding}\n`);
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${directory} (${seconds} s)\n`);
  process.exitCode = verdicts.every(({ findings }) => findings.length === 0) ? 0 : 1;
});
