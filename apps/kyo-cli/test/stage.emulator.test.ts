import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
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

test('a stage is asked with a token signed by its own key, in the name of the AWS identity', async () => {
  const platform = await startHttpServer(() => ({
    status: 200,
    body: JSON.stringify({ tenants: [], nextCursor: null }),
  }));
  const keys = [await createSigningKey(new Date())];
  const client = { endpoint: emulator.url, region: emulator.region, credentials: emulator.credentials };
  const secret = await new SecretsManagerClient(client).send(
    new CreateSecretCommand({ Name: 'signing-keys', SecretString: JSON.stringify(keys) }),
  );
  const outputs = {
    Url: platform.url,
    SigningKeys: secret.ARN,
    TokenIssuer: registered.issuer,
    TokenAudience: registered.audience,
  };
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
  const [request] = platform.requests;
  const token = request?.headers.authorization?.replace('Bearer ', '') ?? '';
  const { publicKeys } = await loadSigningKeys(keys, { ...registered, now: () => new Date() });
  const { payload } = await jwtVerify(token, createLocalJWKSet(publicKeys), registered);
  expect(payload).toMatchObject({ roles: ['platform_admin'], sub: expect.stringContaining('arn:aws:') });
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
