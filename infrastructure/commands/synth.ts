import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stageOf } from '../config/index.ts';
import { buildFunctions, root } from '../lib/code/index.ts';
import { cfnLint } from '../lib/judges/cfn-lint.ts';
import { judgeIam } from '../lib/judges/iam/index.ts';
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
  const templates = readTemplates(directory);
  const broken = brokenRules(templates);
  if (broken.length === 0) process.stdout.write(`✓ ${rules.length} rules of our own hold\n`);
  // A process of its own, which has the time of the other judge.
  const [linted, iam] = await Promise.all([cfnLint(directory), judgeIam(templates)]);
  if (iam.findings.length === 0) process.stdout.write(`✓ IAM: ${iam.judged} calls are judged rightly\n`);
  if (linted.length === 0) process.stdout.write('✓ cfn-lint finds nothing\n');
  const findings = [...broken, ...iam.findings, ...linted];
  for (const finding of findings) process.stdout.write(`✗ ${finding}\n`);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${directory} (${seconds} s)\n`);
  process.exitCode = findings.length === 0 ? 0 : 1;
});
