import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { IAMClient } from '@aws-sdk/client-iam';
import type { AwsEmulator } from '@kyong/testing';
import type { Stage } from '../../config/index.ts';
import { bootstrapArguments, putUpFence } from '../../lib/bootstrap.ts';
import { root } from '../../lib/code/index.ts';

const cli = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin', 'cdk');

/** The CDK command line against the emulator. @throws {Error} with all it said, when it fails. */
export function cdkAgainst({ url, region, credentials }: AwsEmulator) {
  return (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const env = {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_REGION: region,
        AWS_ENDPOINT_URL: url,
        AWS_EC2_METADATA_DISABLED: 'true',
        CI: 'true',
        CDK_DISABLE_CLI_TELEMETRY: 'true',
      };
      const command = ['--no-warnings', cli, '--no-notices', '--no-version-reporting', ...args];
      execFile(
        process.execPath,
        command,
        { cwd: root, env, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          const output = `${stdout}${stderr}`;
          if (error) reject(new Error(`cdk ${args.join(' ')} failed.\n${output}`));
          else resolve(output);
        },
      );
    });
}

/** Makes what a stage is deployed with. */
export async function bootstrapIn(emulator: AwsEmulator, stage: Stage): Promise<void> {
  const { url: endpoint, region, credentials, accountId } = emulator;
  await putUpFence(stage, accountId, new IAMClient({ endpoint, region, credentials }));
  await cdkAgainst(emulator)(...bootstrapArguments(stage, accountId));
}
