import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stageOf } from '../config/index.ts';
import { buildFunctions, root } from '../lib/code/index.ts';
import { cfnLint } from '../lib/judges/cfn-lint.ts';
import { brokenRules, readTemplates, rules } from '../lib/rules/index.ts';
import { synthesize } from '../lib/synthesize.ts';
import { command } from './command.ts';
import { contextOf } from './context.ts';

// `npm run synth -- -c stage=dev`: templates in cdk.out/, every judge's findings as errors.
await command(async () => {
  const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true } } });
  const stage = stageOf(contextOf(values.context).stage);
  const startedAt = performance.now();
  const code = await buildFunctions(join(root, 'cdk.out', '.functions', stage.name));
  const { directory, stacks } = synthesize(stage, code, join(root, 'cdk.out', stage.name));
  process.stdout.write(`✓ CDK and cdk-nag find nothing in ${stacks.length} stacks\n`);
  const broken = brokenRules(readTemplates(directory));
  if (broken.length === 0) process.stdout.write(`✓ ${rules.length} rules of our own hold\n`);
  const findings = [...broken, ...(await cfnLint(directory))];
  for (const finding of findings) process.stdout.write(`✗ ${finding}\n`);
  if (findings.length === broken.length) process.stdout.write('✓ cfn-lint finds nothing\n');
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${directory} (${seconds} s)\n`);
  process.exitCode = findings.length === 0 ? 0 : 1;
});
