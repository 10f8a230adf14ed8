import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from '../../lib/code/index.ts';
import type { AccountStanding } from './account-standing.ts';
import type { EmulatedCloud } from './deployment.ts';
import type { RoleCredentials } from './roles.ts';

export interface Commands {
  /** `npm run …` as a person types it, with credentials and nobody to ask. */
  npmRun(script: string, ...args: string[]): Promise<string>;
  /** The same, which reads `input`. */
  npmRunWith(input: string, script: string, ...args: string[]): Promise<string>;
  /** The same on a terminal, where the person types `answer` when asked. */
  npmRunAnswering(answer: string, script: string, ...args: string[]): Promise<string>;
  /** The same commands under a role. */
  as(role: RoleCredentials): Commands;
}

const timeoutMilliseconds = 900_000;
/** Python, which the emulator needs anyhow, has what a terminal takes; Node has not. */
const onTerminal = [
  '-c',
  'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))',
];

/** Commands against the emulator. Each answers with all it said, and throws it when it fails. */
export function commandsAgainst(
  { emulator, region, rdsUrl, directory }: EmulatedCloud,
  /** Where commands ask for it, of those that do. */
  standing?: AccountStanding,
): Commands {
  const binaries = join(directory, 'bin');
  mkdirSync(binaries);
  const docker = join(binaries, 'docker');
  writeFileSync(
    docker,
    `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dirname, 'docker.mjs')}" "$@"\n`,
  );
  chmodSync(docker, 0o755);
  const shared = {
    PATH: `${binaries}${delimiter}${process.env.PATH}`,
    HOME: process.env.HOME,
    // Nobody's own credentials.
    AWS_CONFIG_FILE: join(directory, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: join(directory, 'none'),
    AWS_REGION: region,
    AWS_ENDPOINT_URL: emulator.url,
    AWS_ENDPOINT_URL_RDS: rdsUrl,
    ...(standing && {
      AWS_ENDPOINT_URL_SERVICE_QUOTAS: standing.url,
      AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2: standing.url,
    }),
    AWS_EC2_METADATA_DISABLED: 'true',
    CI: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  };
  let count = 0;
  /** Into one file, so that what is said and what is reported stand in the order in which they came. */
  const run = async (
    credentials: RoleCredentials | EmulatedCloud['emulator']['credentials'],
    [file = '', ...args]: string[],
    typed?: string,
  ): Promise<string> => {
    count += 1;
    const logFile = join(directory, `command-${count}.log`);
    const log = openSync(logFile, 'w');
    const child = spawn(file, args, {
      cwd: root,
      env: {
        ...shared,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        ...('sessionToken' in credentials && { AWS_SESSION_TOKEN: credentials.sessionToken }),
      },
      stdio: ['pipe', log, log],
      timeout: timeoutMilliseconds,
    });
    child.stdin?.end(typed);
    closeSync(log);
    const [code] = (await once(child, 'exit')) as [number | null];
    const output = readFileSync(logFile, 'utf8');
    if (code !== 0) throw new Error(`${file} ${args.join(' ')} failed.\n${output}`);
    return output;
  };
  const npmRun = (script: string, args: string[]) => ['npm', 'run', '--silent', script, '--', ...args];
  const under = (credentials: Parameters<typeof run>[0]): Commands => ({
    npmRun: (script, ...args) => run(credentials, npmRun(script, args)),
    npmRunWith: (input, script, ...args) => run(credentials, npmRun(script, args), input),
    npmRunAnswering: (answer, script, ...args) =>
      run(credentials, ['python3', ...onTerminal, ...npmRun(script, args)], `${answer}\n`),
    as: under,
  });
  return under(emulator.credentials);
}
