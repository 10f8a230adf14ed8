import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { admitOperator } from '@kyong/identity';
import { awsIdentities } from '@kyong/identity/adapters/aws-identities';
import { createSigningKey, loadSigningKeys } from '@kyong/identity/adapters/signing-keys';
import { type AwsEmulator, startAwsEmulator, startHttpServer } from '@kyong/testing';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';

const registered = { issuer: 'https://kyo.test', audience: 'kyo' };
const main = join(import.meta.dirname, '..', 'src', 'main.ts');
let emulator: AwsEmulator;

beforeAll(async () => {
  emulator = await startAwsEmulator();
});
afterAll(() => emulator?.stop());

function kyo(...args: string[]) {
  const { url, region, credentials } = emulator;
  return promisify(execFile)(process.execPath, [main, ...args], {
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
  });
}

test('a stage gives an operator a token for the proof of their AWS identity, and nobody else', async () => {
  const signer = await loadSigningKeys([await createSigningKey(new Date())], {
    ...registered,
    now: () => new Date(),
  });
  let operators = [`arn:aws:iam::${emulator.accountId}:root`];
  const platform = await startHttpServer(async ({ url, body }) => {
    if (url !== '/api/auth/operator') return { body: { tenants: [], nextCursor: null } };
    const identities = awsIdentities({ url: emulator.url, audience: registered.issuer, operators });
    const access = await admitOperator(signer, identities, JSON.parse(body).proof);
    return access ? { body: { ...access, tokenType: 'Bearer' } } : { status: 401 };
  });
  const client = { endpoint: emulator.url, region: emulator.region, credentials: emulator.credentials };
  const outputs = { Url: platform.url, TokenIssuer: registered.issuer };
  await new CloudFormationClient(client).send(
    new CreateStackCommand({
      StackName: 'kyo-dev-edge',
      TemplateBody: JSON.stringify({
        Resources: { Topic: { Type: 'AWS::SNS::Topic' } },
        Outputs: Object.fromEntries(Object.entries(outputs).map(([name, Value]) => [name, { Value }])),
      }),
    }),
  );

  expect((await kyo('tenants', 'list', '--stage', 'dev')).stdout).toContain('TENANT');
  const token = platform.requests.at(-1)?.headers.authorization?.replace('Bearer ', '') ?? '';
  const { payload } = await jwtVerify(token, createLocalJWKSet(signer.publicKeys), registered);
  expect(payload).toMatchObject({ roles: ['platform_admin'], sub: operators[0] });

  operators = [`arn:aws:iam::${emulator.accountId}:user/somebody-else`];
  await expect(kyo('tenants', 'list', '--stage', 'dev')).rejects.toMatchObject({
    stderr: expect.stringContaining('is no operator of dev'),
  });
});

test('a stage that is not there is named, with what to check', async () => {
  await expect(kyo('tenants', 'list', '--stage', 'prod')).rejects.toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/prod cannot be reached.*AWS_PROFILE/s),
  });
});

test('doctor says of a stage that is not there what the account lacks for it', async () => {
  const { stdout } = (await kyo('doctor', '--stage', 'prod', '--json').catch((error) => error)) as {
    stdout: string;
  };
  const { findings } = JSON.parse(stdout) as { findings: { check: string; ok: boolean; detail: string }[] };
  expect(findings).toContainEqual(expect.objectContaining({ check: 'account', ok: true }));
  expect(findings).toContainEqual(
    expect.objectContaining({
      check: 'CDK bootstrap',
      level: 'warning',
      detail: expect.stringMatching(/^not in /),
    }),
  );
});
