import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { checkedOutRevision, findEngine } from '@kyong/images/engine';
import { stageOf } from '../config/index.ts';
import { taskPlatform } from '../lib/constructs/fargate-service.ts';
import { digestOf, repositoriesOf } from '../lib/image-repositories.ts';
import { announceAccount } from './account.ts';
import { command, progress } from './command.ts';
import { contextOf } from './context.ts';

// `npm run push-image -- SERVICE -c stage=dev`: builds the image of the commit that is checked out, and pushes it under the
// commit's name. One that is there already is left as it is: a name never changes what it means.
await command(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      context: { type: 'string', short: 'c', multiple: true },
      /** The commit, where it is not the one that is checked out by name. */
      revision: { type: 'string' },
    },
  });
  const [service = ''] = positionals;
  const stage = stageOf(contextOf(values.context).stage);
  await announceAccount(stage);
  const { region } = stage;
  const ecr = new ECRClient({ region });
  const repositories = await repositoriesOf(stage, new CloudFormationClient({ region }));
  const uri = repositories[service];
  if (uri === undefined)
    throw new Error(`There is no service "${service}". There are: ${Object.keys(repositories).join(', ')}.`);
  const engine = await findEngine(progress);
  const revision = values.revision ?? (await checkedOutRevision());
  if ((await digestOf(uri, revision, ecr)) === undefined) {
    await logIn(engine.name, uri, ecr);
    const { platform } = taskPlatform;
    progress(`Building ${service} for ${platform} with ${engine.name}`);
    await engine.build(service, `${uri}:${revision}`, platform).catch((error: Error) => {
      if (process.arch === 'arm64') throw error;
      throw new Error(
        `${error.message}\nTasks run on ARM64 and this machine does not: it needs QEMU for it ` +
          '(docker run --privileged --rm tonistiigi/binfmt --install arm64), or leave it to the workflow.',
      );
    });
    progress(`Pushing ${uri}:${revision}`);
    await engine.push(`${uri}:${revision}`);
  }
  process.stdout.write(`${service} ${await digestOf(uri, revision, ecr)}\n`);
});

/** With a password of hours, by standard input: an argument would be seen by everybody on the machine. */
async function logIn(engine: string, uri: string, ecr: ECRClient): Promise<void> {
  const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand());
  const token = Buffer.from(authorizationData?.[0]?.authorizationToken ?? '', 'base64').toString();
  const registry = uri.split('/')[0] ?? '';
  const child = spawn(engine, ['login', '--username', 'AWS', '--password-stdin', registry], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin.end(token.replace(/^AWS:/, ''));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${engine} could not log in to ${registry}.`);
}
