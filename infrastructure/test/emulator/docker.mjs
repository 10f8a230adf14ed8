// Stands in for Docker's command line: takes what CDK and `push-image` give it and builds nothing. What it pushes are images
// without layers, which the emulated registry keeps like any other. (The images themselves: npm run test:images.)
import { createHash } from 'node:crypto';
import { ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';

const [command, ...args] = process.argv.slice(2);

// As it would end for a task, on the machine it was not built for.
if (command === 'build' && args[args.indexOf('--platform') + 1] !== 'linux/arm64')
  throw new Error('exec format error');

if (command === 'push') {
  const [, region, repositoryName, imageTag = ''] =
    /^\d+\.dkr\.ecr\.([^.]+)\.[^/]+\/([^:]+):(.+)$/.exec(args.at(-1) ?? '') ?? [];
  const digest = `sha256:${createHash('sha256').update(`${repositoryName}:${imageTag}`).digest('hex')}`;
  const imageManifest = JSON.stringify({ schemaVersion: 2, config: { digest }, layers: [] });
  await new ECRClient({ region }).send(new PutImageCommand({ repositoryName, imageTag, imageManifest }));
}
// With QEMU, as the workflow sets it up.
if (command === 'buildx') process.stdout.write('Platforms: linux/amd64, linux/arm64\n');
// No image is here before it was built.
if (command === 'inspect') process.exitCode = 1;
