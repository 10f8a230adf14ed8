import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  ListStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Operation, ProvisionTenantResponse } from '@kyong/contracts';
import { operatorToken } from '@kyong/identity';
import { loadSigningKeys, type SigningKey } from '@kyong/identity/adapters/signing-keys';
import { withConnection } from '@kyong/postgres';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { stageOf } from '../config/index.ts';
import { buildFunctions, root } from '../lib/code/index.ts';
import { releasesOf } from '../lib/releases.ts';
import { services } from '../lib/services/index.ts';
import { synthesize } from '../lib/synthesize.ts';
import { type Commands, commandsAgainst } from './emulator/commands.ts';
import { type RunningContainer, runDeployedService } from './emulator/container.ts';
import { type EmulatedCloud, startEmulatedCloud } from './emulator/deployment.ts';
import { announceInstanceEvent } from './emulator/instance-event.ts';
import { stopDriver } from './emulator/stop-driver.ts';

const stage = stageOf('dev');
const revision = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();

let cloud: EmulatedCloud;
let commands: Commands;
/** What the first deployment said. */
let said: string;
let otp: RunningContainer;
let apiUrl: string;
let token: string;

beforeAll(async () => {
  cloud = await startEmulatedCloud(stage.region);
  commands = commandsAgainst(cloud);
  said = await commands.npmRun('deploy', '-c', 'stage=dev');

  const redis = inject('redis');
  otp = await runDeployedService(cloud, 'kyo-otp-service', {
    KYO_PORT: String(cloud.loadBalancerPort),
    KYO_REDIS_URL: `redis://:${encodeURIComponent(redis.password)}@${redis.host}:${redis.port}`,
    KYO_DATABASE_CA: cloud.servers.certificateAuthority,
  });
  apiUrl = await deployedApi();
  token = await operatorsToken();
}, 600_000);

afterAll(async () => {
  await otp?.stop();
  await cloud?.stop();
  const inert = JSON.parse(readFileSync(join(import.meta.dirname, 'emulator', 'inert-types.json'), 'utf8'));
  process.stderr.write(
    `• Deployed to the emulator. NOT exercised, for it lacks them: ${[...Object.keys(inert), 'alarms over metric math'].join(', ')}.\n`,
  );
}, 60_000);

describe('the first deployment', () => {
  it('says what it will do and cost before it does it, and where Kyo is and what comes next when it has', () => {
    const order = [
      `• dev in ${stage.region}, account ${cloud.emulator.accountId}, as arn:`,
      `✅  Environment aws://${cloud.emulator.accountId}/${stage.region} bootstrapped`,
      '• What would change',
      '[+] AWS::RDS::DBInstance',
      '• Costs about USD 1',
      ...['delivery', 'network', 'data', 'services', 'edge', 'recovery'].map(
        (name) => `✅  kyo-dev-${name}\n`,
      ),
      'Kyo dev is at https://',
      'Next: npm run kyo -- smoke https://',
    ].map((text) => said.indexOf(text));
    expect(order, said).not.toContain(-1);
    expect(order, said).toEqual(order.toSorted((a, b) => a - b));
  });

  it('is not begun without a stage', async () => {
    await expect(commands.npmRun('deploy')).rejects.toThrow('✗ Say which stage: -c stage=dev or prod.');
  });
});

describe('what was deployed', () => {
  it('refuses whoever has no token, or one of somebody else', async () => {
    const request = { tenantId: 'nobodys', plan: 'free' };
    expect((await call('POST', '/provision-tenant', request, null)).status).toBe(401);
    expect((await call('POST', '/provision-tenant', request, 'Bearer eyJ.eyJ.eyJ')).status).toBe(401);
    const [header, , signature] = token.split('.');
    const forged = Buffer.from('{"sub":"operator","roles":["platform_admin"]}').toString('base64url');
    expect(
      (await call('POST', '/provision-tenant', request, `Bearer ${header}.${forged}.${signature}`)).status,
    ).toBe(401);
  });

  it('provisions a tenant on the shared server: API, state machine, steps, active', async () => {
    const { statusUrl } = await request('shared-gym', 'free');
    const operation = await succeeded(statusUrl);
    expect(operation.steps.map(({ status }) => status)).toEqual(Array(9).fill('succeeded'));
    const tenant = await (await call('GET', '/tenants/shared-gym')).json();
    expect(tenant).toMatchObject({ status: 'active', placement: 'shared', database: { host: 'localhost' } });
    expect(await masterRows("SELECT status, placement FROM tenants WHERE id = 'shared-gym'")).toEqual([
      { status: 'active', placement: 'shared' },
    ]);
  }, 300_000);

  it('provisions a tenant with a server of its own, by the event that RDS sends when its driver is gone', async () => {
    cloud.rds.busyFor.creation = 1;
    const accepted = await request('own-gym', 'basic');
    await vi.waitFor(async () => {
      const { steps } = await operationAt(accepted.statusUrl);
      expect(steps.map(({ status }) => status)).toContain('waiting');
    }, patience);
    await stopDriver(cloud, accepted.operationId);
    await announceInstanceEvent(cloud, 'kyo-dev-own-gym');
    await succeeded(accepted.statusUrl);
    expect(
      await masterRows("SELECT status, placement, instance_id FROM tenants WHERE id = 'own-gym'"),
    ).toEqual([{ status: 'active', placement: 'dedicated', instance_id: 'kyo-dev-own-gym' }]);
  }, 200_000);

  it('answers the same request with the same operation, and another one for its name with 409', async () => {
    const again = await call('POST', '/provision-tenant', { tenantId: 'shared-gym', plan: 'free' });
    expect(again.status).toBe(202);
    expect((await call('POST', '/provision-tenant', { tenantId: 'shared-gym', plan: 'basic' })).status).toBe(
      409,
    );
  });

  it('puts what happened on the event bus: the outbox is empty', async () => {
    await vi.waitFor(async () => {
      expect(await masterRows('SELECT type FROM outbox WHERE published_at IS NULL')).toEqual([]);
    }, patience);
  });

  it('serves the services in a role that changes rows, and no schema', async () => {
    await expect(masterRows('CREATE TABLE mine ()')).rejects.toThrow('permission denied');
    await expect(masterRows('DELETE FROM audit')).rejects.toThrow();
  });
});

describe('another deployment', () => {
  it('of the same changes nothing', async () => {
    const output = await commands.npmRun('deploy', '-c', 'stage=dev');
    expect(output).toContain('Number of stacks with differences: 0');
    expect(changedStacks(output)).toEqual([]);
  }, 300_000);

  it('of a commit rolls the services to the images that were pushed for it', async () => {
    const push = (name: string) =>
      commands.npmRun('push-image', name, '-c', 'stage=dev', '--revision', revision);
    const pushed: string[] = [];
    for (const { name } of services) {
      const output = await push(name);
      expect(output).toContain(`• Building ${name} with docker`);
      pushed.push(...(output.match(new RegExp(`^${name} sha256:[0-9a-f]{64}$`, 'm')) ?? []));
    }
    expect(pushed).toHaveLength(services.length);
    const again = await push(services[0]?.name ?? '');
    expect(again).toContain(pushed[0]);
    expect(again).not.toContain('Building');

    const outputs = join(cloud.directory, 'github-output');
    const args = ['-c', 'stage=dev', '--revision', revision, '--outputs', outputs];
    const changed = changedStacks(await commands.npmRun('deploy', ...args));
    expect(changed).toEqual(['kyo-dev-delivery', 'kyo-dev-services']);
    expect(readFileSync(outputs, 'utf8')).toMatch(/^url=https:\/\/\S+\n$/);
    const difference = await commands.npmRun('diff', '-c', 'stage=dev', '--markdown');
    expect(difference).toMatch(/^### dev: USD \d+ a month before traffic \(\+0\)$/m);
    expect(difference).toContain('Number of stacks with differences: 0');
    const back = ['-c', 'stage=dev', '--roll-back', '--outputs', outputs];
    await expect(commands.npmRun('deploy', ...back)).rejects.toThrow('no release to go back to');
  }, 600_000);

  it('of something else changes what is else, and nothing else', async () => {
    const release = (await releasesOf(stage, new SSMClient(clientOptions()))).at(-1);
    const other = { ...stage, sharedDatabase: { ...stage.sharedDatabase, maxDatabases: 7 } };
    const code = await buildFunctions(join(cloud.directory, 'functions'));
    const { directory } = synthesize(other, code, join(cloud.directory, 'other'), release?.images);
    await expect(commands.cdk('diff', '--fail', '--app', directory)).rejects.toThrow(
      'KYO_SHARED_MAX_DATABASES',
    );
    const output = await commands.cdk('deploy', '--all', '--require-approval', 'never', '--app', directory);
    expect(changedStacks(output)).toEqual(['kyo-dev-provisioning']);
    await commands.cdk('diff', '--fail', '--app', directory);
  }, 300_000);

  it('destroyed when that was meant, leaves nothing', async () => {
    await expect(commands.npmRun('destroy', '-c', 'stage=prod', '--yes')).rejects.toThrow(
      'prod keeps its data',
    );
    await expect(commands.npmRun('destroy', '-c', 'stage=dev')).rejects.toThrow('--yes');
    const output = await commands.npmRun('destroy', '-c', 'stage=dev', '--yes');
    expect(output).toContain('Deleted database server kyo-dev-own-gym');
    expect(output.match(/Deleted secret kyo\/dev\/tenants\//g)).toHaveLength(2);
    expect(output).toContain('Deleted parameter /kyo/dev/release');
    expect(output).toContain('Kyo dev is gone.');
    expect(await whatIsLeft()).toEqual({
      stacks: ['CDKToolkit', 'CDKToolkit'],
      servers: [],
      secrets: [],
      buckets: [],
    });
  }, 300_000);
});

/** The stacks of a deployment that it did something to. */
function changedStacks(output: string): string[] {
  const done = [...output.matchAll(/✅ +(kyo-\S+)( \(no changes\))?/g)];
  expect(done).toHaveLength(10);
  return done.flatMap(([, name = '', unchanged]) => (unchanged === undefined ? [name] : []));
}

/** In the account, but for the buckets of CDK itself. */
async function whatIsLeft() {
  const options = clientOptions();
  const stacks = await Promise.all(
    [stage.region, 'us-east-1'].map(async (region) => {
      const client = new CloudFormationClient({ ...options, region });
      const { StackSummaries = [] } = await client.send(new ListStacksCommand({}));
      return StackSummaries.filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
    }),
  );
  const { DBInstances = [] } = await new RDSClient(options).send(new DescribeDBInstancesCommand({}));
  const { SecretList = [] } = await new SecretsManagerClient(options).send(new ListSecretsCommand({}));
  const { Buckets = [] } = await new S3Client(options).send(new ListBucketsCommand({}));
  return {
    stacks: stacks.flat().map(({ StackName }) => StackName),
    servers: DBInstances.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier),
    // RDS takes its own secrets with its servers; the emulator leaves them.
    secrets: SecretList.map(({ Name }) => Name).filter((name) => !name?.startsWith('rds!')),
    buckets: Buckets.map(({ Name }) => Name).filter((name) => !name?.startsWith('cdk-')),
  };
}

function clientOptions() {
  const { url: endpoint, credentials } = cloud.emulator;
  return { endpoint, credentials, region: stage.region };
}

async function deployedApi(): Promise<string> {
  const command = new DescribeStacksCommand({ StackName: `kyo-${stage.name}-provisioning` });
  const { Stacks } = await new CloudFormationClient(clientOptions()).send(command);
  const url = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'ApiUrl')?.OutputValue ?? '';
  const { hostname, pathname } = new URL(url);
  return `${cloud.emulator.url}/_aws/execute-api/${hostname.split('.')[0]}${pathname.replace(/\/$/, '')}`;
}

/** Signed with the key that the deployment made and nobody has seen. */
async function operatorsToken(): Promise<string> {
  const { KYO_SIGNING_KEYS = '', KYO_TOKEN_ISSUER = '', KYO_TOKEN_AUDIENCE = '' } = otp.environment;
  const keys = JSON.parse(KYO_SIGNING_KEYS) as SigningKey[];
  const registered = { issuer: KYO_TOKEN_ISSUER, audience: KYO_TOKEN_AUDIENCE, now: () => new Date() };
  return operatorToken(await loadSigningKeys(keys, registered));
}

function call(
  method: string,
  path: string,
  body?: unknown,
  authorization: string | null = `Bearer ${token}`,
) {
  return fetch(`${apiUrl}${path}`, {
    method,
    headers: {
      ...(authorization !== null && { authorization }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

async function request(tenantId: string, plan: string): Promise<ProvisionTenantResponse> {
  const response = await call('POST', '/provision-tenant', { tenantId, plan });
  expect(response.status).toBe(202);
  return (await response.json()) as ProvisionTenantResponse;
}

/** The API lets through what its stage allows: asked twice a second, it answers. */
const patience = { timeout: 90_000, interval: 500 };

async function operationAt(statusUrl: string): Promise<Operation> {
  const response = await call('GET', statusUrl);
  expect(response.status).toBe(200);
  return (await response.json()) as Operation;
}

async function succeeded(statusUrl: string): Promise<Operation> {
  return vi.waitFor(async () => {
    const found = await operationAt(statusUrl);
    expect(found, JSON.stringify(found)).toMatchObject({ status: 'succeeded' });
    return found;
  }, patience);
}

/** In the master database itself, under the services' role. */
async function masterRows(statement: string): Promise<unknown[]> {
  const url = new URL(otp.environment.KYO_MASTER_DATABASE_URL ?? '');
  const connection = {
    host: url.hostname,
    port: Number(url.port),
    database: url.pathname.slice(1),
    user: url.username,
    password: url.password,
    ssl: { ca: cloud.servers.certificateAuthority },
  };
  return withConnection(connection, async (client) => (await client.query(statement)).rows);
}
