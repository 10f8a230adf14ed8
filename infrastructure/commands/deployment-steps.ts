import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Stage } from '../config/index.ts';
import { regionsOf } from '../lib/constructs/names.ts';
import { describeFailure, failuresOf } from '../lib/failures.ts';
import { lossesOf } from '../lib/losses.ts';
import { bootstrapVersionIn } from '../lib/preflight/bootstrap.ts';
import { isDenied } from '../lib/preflight/check.ts';
import { describeFinding, type Preflight, runPreflight } from '../lib/preflight/index.ts';
import { createServiceRoles } from '../lib/preflight/service-roles.ts';
import type { Templates } from '../lib/rules/index.ts';
import { bootstrap } from './bootstrapping.ts';
import { cdk } from './cdk.ts';
import { progress } from './command.ts';
import { confirm } from './confirm.ts';

type Place = { stackName: string; region: string };
type Outputs = Record<string, Record<string, string>>;

/** Looks before anything is created, and makes the roles that services would make when they are first used. */
export async function prepareAccount(preflight: Preflight): Promise<void> {
  const findings = await runPreflight(preflight);
  for (const finding of findings) process.stderr.write(describeFinding(finding));
  const errors = findings.filter(({ level }) => level === 'error').length;
  if (errors > 0) throw new Error(`${errors} of ${findings.length} checks failed, and nothing was created.`);
  for (const service of await createServiceRoles(preflight.clients.iam))
    progress(`Made the service-linked role of ${service}`);
}

/** Once an account and region. Where it is there nothing is asked of a role that may not. */
export async function bootstrapMissing(stage: Stage): Promise<void> {
  const versions = await Promise.all(
    regionsOf(stage).map((region) => bootstrapVersionIn(stage, new SSMClient({ region }))),
  ).catch((error: Error): (number | undefined)[] => {
    if (isDenied(error)) return [];
    throw error;
  });
  if (!versions.includes(undefined)) return;
  progress('Bootstrapping what is not yet (once an account and region)');
  await bootstrap(stage);
}

/**
 * A person is asked once, having seen what changes, and not in the middle of an hour. Elsewhere nothing is asked, but what holds
 * data and would be lost has to be named. @throws {Error} when it is not, or not meant.
 */
export async function approve(
  { name }: Stage,
  before: Templates,
  after: Templates,
  named: readonly string[],
): Promise<void> {
  const losses = lossesOf(before, after).filter(({ logicalId }) => !named.includes(logicalId));
  if (losses.length === 0 && (!process.stdin.isTTY || isDeepStrictEqual(before, after))) return;
  const lines = losses.map(
    ({ stack, logicalId, type, what }) => `  ${stack}: ${logicalId} (${type}) ${what}\n`,
  );
  await confirm(
    name,
    losses.length > 0 ? `This takes away what holds data:\n${lines.join('')}` : 'This is deployed.',
    `Where it is meant and nobody can be asked: ${losses.map(({ logicalId }) => `--replace ${logicalId}`).join(' ')}.`,
  );
}

/** Answers with the outputs, by stack. @throws {Error} that says which resource failed, why, and what helps where it is known. */
export async function deployStacks(app: string, stacks: readonly Place[]): Promise<Outputs> {
  const startedAt = Date.now();
  const outputsFile = join(app, 'outputs.json');
  // What was to be asked was asked.
  const options = ['--require-approval', 'never', '--concurrency', '4', '--outputs-file', outputsFile];
  try {
    await cdk('deploy', '--all', '--app', app, ...options);
  } catch (error) {
    const failures = await Promise.all(
      stacks.map(({ stackName, region }) =>
        // What went wrong is said by CDK as well, and a role that may deploy may not be allowed to look.
        failuresOf(stackName, new CloudFormationClient({ region })).catch(() => []),
      ),
    );
    throw new Error([...failures.flat().map(describeFailure), (error as Error).message].join('\n'));
  }
  progress(`Deployed in ${((Date.now() - startedAt) / 60_000).toFixed(1)} min`);
  return JSON.parse(readFileSync(outputsFile, 'utf8')) as Outputs;
}
