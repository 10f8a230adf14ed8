import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackupClient } from '@aws-sdk/client-backup';
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  ListStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { CreateDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import type {
  Inspection,
  InspectionKind,
  InspectionResult,
  Operation,
  ProvisionTenantResponse,
  WarmPool,
} from '@kyong/contracts';
import { operatorToken } from '@kyong/identity';
import { loadSigningKeys, type SigningKey } from '@kyong/identity/adapters/signing-keys';
import { withConnection } from '@kyong/postgres';
import { eventually } from '@kyong/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Stage, stageOf } from '../config/index.ts';
import { buildFunctions } from '../lib/code/index.ts';
import { toolkitStackOf } from '../lib/constructs/names.ts';
import { deleteStacks } from '../lib/delete-stacks.ts';
import { type AccountClients, removeLeftovers } from '../lib/leftovers/index.ts';
import type { ContainerClients } from '../lib/leftovers/stack-contents.ts';
import { type RotationClients, rotateSecrets } from '../lib/rotation.ts';
import { readTemplates } from '../lib/rules/index.ts';
import { services } from '../lib/services/index.ts';
import { synthesize } from '../lib/synthesize.ts';
import { operations } from './deployed/operations.ts';
import { setOff, subscribeToAlerts } from './emulator/alerts.ts';
import { bootstrapIn, cdkAgainst } from './emulator/cdk.ts';
import { type RunningContainer, runDeployedService } from './emulator/container.ts';
import { type EmulatedCloud, startEmulatedCloud } from './emulator/deployment.ts';
import { startPoolPass, stopDriver } from './emulator/executions.ts';
import { sweep } from './emulator/functions.ts';
import { announceInstanceEvent } from './emulator/instance-event.ts';
import { reportRights } from './emulator/rights-report.ts';

const dev = stageOf('dev');
/** With what takes days in an account over in seconds. */
const lifecycle = { ...dev.tenants.lifecycle, secretGraceSeconds: 1, offboardGraceSeconds: 1 };
const stage: Stage = { ...dev, tenants: { ...dev.tenants, lifecycle, warmPool: { premium: 1 } } };
/** Published ones: nothing here builds images. */
const images = Object.fromEntries(services.map(({ name }) => [name, `sha256:${'0'.repeat(64)}`]));
const deployOptions = ['--all', '--require-approval', 'never', '--concurrency', '4'];

let cloud: EmulatedCloud;
let code: string;
let cdk: ReturnType<typeof cdkAgainst>;
let assembly: string;
let otp: RunningContainer;
let apiUrl: string;
let token: string;

beforeAll(async () => {
  cloud = await startEmulatedCloud(stage.region);
  code = await buildFunctions(join(cloud.directory, 'functions'));
  cdk = cdkAgainst(cloud.emulator);
  assembly = templatesOf(stage, 'first');
  await bootstrapIn(cloud.emulator, stage);
  await cdk('deploy', ...deployOptions, '--app', assembly);

  otp = await startOtp();
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

  it('answers a method that a path does not have with those it has', async () => {
    const response = await call('PATCH', '/tenants/shared-gym');
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, DELETE');
    expect(await response.json()).toMatchObject({ code: 'method_not_allowed' });
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
  });

  it('provisions a tenant with a server of its own, by the event that RDS sends when its driver is gone', async () => {
    cloud.rds.busyFor.creation = 1;
    const accepted = await request('own-gym', 'basic');
    await eventually(async () => {
      const { steps } = await operationAt(accepted.statusUrl);
      expect(steps.map(({ status }) => status)).toContain('waiting');
    }, patience);
    await stopDriver(cloud, accepted.operationId);
    await announceInstanceEvent(cloud, 'kyo-dev-t-own-gym');
    await succeeded(accepted.statusUrl);
    expect(
      await masterRows("SELECT status, placement, instance_id FROM tenants WHERE id = 'own-gym'"),
    ).toEqual([{ status: 'active', placement: 'dedicated', instance_id: 'kyo-dev-t-own-gym' }]);
  }, 200_000);

  it('prepares a server ahead, pass by pass, and gives it to the next tenant of its plan', async () => {
    await eventually(async () => {
      expect(await poolAfterPass()).toMatchObject([
        { plan: 'premium', placement: 'dedicated', status: 'ready' },
      ]);
    }, patience);
    const { statusUrl } = await request('hasty-gym', 'premium');
    const { steps } = await succeeded(statusUrl);
    expect(steps.find(({ name }) => name === 'create-database')?.detail).toBe('prepared ahead');
    expect(await masterRows("SELECT instance_id FROM tenants WHERE id = 'hasty-gym'")).toEqual([
      { instance_id: expect.stringMatching(/^kyo-dev-t-0/) },
    ]);
  }, 200_000);

  it('answers the same request with the same operation, and another one for its name with 409', async () => {
    const again = await call('POST', '/provision-tenant', { tenantId: 'shared-gym', plan: 'free' });
    expect(again.status).toBe(202);
    expect((await call('POST', '/provision-tenant', { tenantId: 'shared-gym', plan: 'basic' })).status).toBe(
      409,
    );
  });

  it('puts what happened on the event bus: the outbox is empty', async () => {
    await eventually(async () => {
      expect(await masterRows('SELECT type FROM outbox WHERE published_at IS NULL')).toEqual([]);
    }, patience);
  });

  it('tells an operator what there is that the master database does not know, and removes it', async () => {
    expect(await inspected('differences')).toEqual({ differences: [] });
    const { rds, secretsManager } = accountClients();
    const tags = { 'kyo:managed': 'true', 'kyo:stage': stage.name, 'kyo:tenant': 'nobody' };
    const server = 'kyo-dev-t-nobody';
    await rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: server,
        DBInstanceClass: 'db.t4g.micro',
        Engine: 'postgres',
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    );
    const secret = 'kyo/dev/tenants/nobody/database';
    await secretsManager.send(new CreateSecretCommand({ Name: secret, SecretString: 'of nobody' }));
    const orphans = [
      { problem: 'orphan', kind: 'server', name: server, tenantId: 'nobody' },
      { problem: 'orphan', kind: 'secret', name: 'tenants/nobody/database', tenantId: 'nobody' },
    ];
    expect(await inspected('differences')).toEqual({ differences: orphans });
    expect(await inspected('repair')).toEqual({ removed: orphans, failed: [] });
    expect(await inspected('differences')).toEqual({ differences: [] });
  }, 60_000);

  it('looks into databases of tenants, and at what there is room for, by its driver', async () => {
    const { tenants } = await inspected('drift');
    expect(tenants).toContainEqual({
      tenantId: 'own-gym',
      version: expect.any(String),
      differences: [],
    });
    expect(tenants.flatMap(({ differences }) => differences)).toEqual([]);
    const { quotas } = await inspected('quotas');
    expect(quotas.map(({ name }) => name)).toContain('DB instances');
  });

  it('serves each service in a role of its own, which changes its rows, and no schema', async () => {
    const login = otp.environment.KYO_MASTER_DATABASE_LOGIN;
    for (const statement of ['CREATE TABLE mine ()', 'DELETE FROM audit', 'SELECT FROM operations'])
      await expect(masterRows(statement, login)).rejects.toThrow('permission denied');
  });
});

describe('a rotation of the platform’s secrets', () => {
  it('gives services and functions new logins, and takes the former ones away', async () => {
    const { KYO_MASTER_DATABASE_LOGIN: former } = otp.environment;
    let restart: Promise<void> | undefined;
    const tell = (line: string) => {
      if (line.startsWith('The services are started again')) restart = restartOtp();
    };
    await rotateSecrets(stage, rotationClients(), tell, { everySeconds: 1, atMostSeconds: 300 });
    await restart;
    expect(otp.environment.KYO_MASTER_DATABASE_LOGIN).not.toBe(former);
    await masterRows('SELECT FROM users', otp.environment.KYO_MASTER_DATABASE_LOGIN);
    await expect(masterRows('SELECT FROM users', former)).rejects.toThrow('authentication failed');
    expect((await call('GET', '/tenants/shared-gym')).status).toBe(200);
  }, 400_000);
});

describe('an operator', () => {
  it('gets a mail when an alarm is set off, in each region', async () => {
    for (const [region, problem] of [
      [stage.region, 'No sweep came to its end'],
      ['us-east-1', 'does not answer from outside'],
    ] as const) {
      const subscriber = await subscribeToAlerts(cloud, region);
      try {
        await setOff(cloud, region, problem);
        await eventually(async () => expect(subscriber.messages.join()).toContain(problem));
      } finally {
        subscriber.close();
      }
    }
  });

  it('gets a mail with the reason when an operation does not succeed', async () => {
    const subscriber = await subscribeToAlerts(cloud, stage.region);
    const { DBInstances } = cloud.rds.quotas;
    const { used } = DBInstances;
    try {
      DBInstances.used = DBInstances.max;
      const { statusUrl, operationId } = await request('unlucky-gym', 'basic');
      await eventually(
        async () => expect(await operationAt(statusUrl)).toMatchObject({ status: 'compensated' }),
        patience,
      );
      await eventually(async () => {
        const mail = subscriber.messages.find((message) => message.includes(operationId)) ?? '';
        expect(mail).toContain('TenantProvisioningFailed');
        expect(mail).toContain('unlucky-gym');
        expect(mail).toContain('docs/runbooks/operations-failed.md');
      }, patience);
    } finally {
      DBInstances.used = used;
      subscriber.close();
    }
  }, 200_000);
});

describe('every operation is carried out under the roles of the platform', () => {
  operations(() => ({ call, succeeded, sweep: () => sweep(cloud), backUp: cloud.servers.backUp }));
});

describe('the rights of the roles', () => {
  it('suffice for every call, by both evaluators', async () => {
    const { recorded, implied, denied, unused } = await reportRights(cloud.record, readTemplates(assembly));
    process.stderr.write(
      `• IAM: ${recorded} calls of roles recorded, ${denied.length} denied; ${implied} more that AWS makes. Rights that nothing used:\n` +
        unused.map(({ role, action }) => `  ${role} ${action}\n`).join(''),
    );
    expect(denied).toEqual([]);
  });
});

describe('another deployment', () => {
  it('of the same changes nothing', async () => {
    const output = await cdk('deploy', ...deployOptions, '--app', assembly);
    expect(changedStacks(output)).toEqual([]);
    await cdk('diff', '--fail', '--app', assembly);
  });

  it('of something else changes what is else, and nothing else', async () => {
    const changed = templatesOf(
      { ...dev, sharedDatabase: { ...dev.sharedDatabase, maxDatabases: 7 } },
      'second',
    );
    await expect(cdk('diff', '--fail', '--app', changed)).rejects.toThrow('KYO_SHARED_MAX_DATABASES');
    const output = await cdk('deploy', ...deployOptions, '--app', changed);
    expect(changedStacks(output)).toEqual(['kyo-dev-provisioning']);
    await cdk('diff', '--fail', '--app', changed);
  });

  it('that wants no server ahead has those destroyed that there are', async () => {
    await eventually(async () => expect(await poolAfterPass()).toEqual([]), patience);
  });

  it('destroyed, leaves nothing', async () => {
    const removed = await removeLeftovers(stage, accountClients());
    expect(removed).toContain('database server kyo-dev-t-own-gym');
    expect(removed.filter((what) => what.startsWith('secret kyo/dev/tenants/'))).toHaveLength(3);
    await deleteStacks(stage, containerClients, () => {});
    for (const region of [stage.region, 'us-east-1']) {
      const { StackSummaries = [] } = await cloudFormation(region).send(new ListStacksCommand({}));
      const left = StackSummaries.filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
      expect(left.map(({ StackName }) => StackName)).toEqual([toolkitStackOf(stage)]);
    }
  });
});

/** A task of the service, with what the emulator has no data plane for. */
function startOtp(): Promise<RunningContainer> {
  const redis = inject('redis');
  return runDeployedService(cloud, 'kyo-otp-service', {
    KYO_PORT: String(cloud.otpPort),
    KYO_REDIS_URL: `redis://${redis.host}:${redis.port}`,
    KYO_REDIS_LOGIN: JSON.stringify({ username: 'otp', password: redis.password }),
    KYO_DATABASE_CA: cloud.servers.certificateAuthority,
  });
}

function templatesOf(of: Stage, name: string): string {
  return synthesize(of, code, join(cloud.directory, name), images).directory;
}

/** What an inspection finds, which the state machine's driver makes. */
async function inspected<K extends InspectionKind>(kind: K): Promise<InspectionResult<K>> {
  const accepted = await call('POST', '/fleet/inspections', { kind });
  expect(accepted.status).toBe(202);
  const { statusUrl } = (await accepted.json()) as { statusUrl: string };
  return eventually(async () => {
    const { status, result } = (await (await call('GET', statusUrl)).json()) as Inspection;
    expect(status).toBe('succeeded');
    return result as InspectionResult<K>;
  }, patience);
}

/** What there is ready after the state machine has looked after it once more. */
async function poolAfterPass(): Promise<WarmPool['databases']> {
  await startPoolPass(cloud);
  return ((await (await call('GET', '/fleet/pool')).json()) as WarmPool).databases;
}

/** The stacks of a deployment that it did something to. */
function changedStacks(output: string): string[] {
  const done = [...output.matchAll(/✅ +(kyo-\S+)( \(no changes\))?/g)];
  expect(done).toHaveLength(12);
  return done.flatMap(([, name = '', unchanged]) => (unchanged === undefined ? [name] : []));
}

function accountClients(): AccountClients {
  const { url: endpoint, credentials } = cloud.emulator;
  const client = { endpoint, credentials, region: stage.region };
  return {
    rds: new RDSClient(client),
    secretsManager: new SecretsManagerClient(client),
    ssm: new SSMClient(client),
  };
}

function rotationClients(): RotationClients {
  const { url: endpoint, credentials } = cloud.emulator;
  const client = { endpoint, credentials, region: stage.region };
  return {
    cloudFormation: new CloudFormationClient(client),
    ecs: new ECSClient(client),
    elastiCache: new ElastiCacheClient(client),
    lambda: new LambdaClient(client),
    secretsManager: new SecretsManagerClient(client),
  };
}

/** As ECS does it, but for the order: here two tasks would listen at one port. */
async function restartOtp(): Promise<void> {
  await otp.stop();
  otp = await startOtp();
}

/** As the secret holds it now. */
async function driverLogin(): Promise<string> {
  const { cloudFormation, secretsManager } = rotationClients();
  const { StackResources = [] } = await cloudFormation.send(
    new DescribeStackResourcesCommand({ StackName: `kyo-${stage.name}-data` }),
  );
  const found = StackResources.find(({ LogicalResourceId }) =>
    LogicalResourceId?.startsWith('MasterLogindriver'),
  );
  const { SecretString = '' } = await secretsManager.send(
    new GetSecretValueCommand({ SecretId: found?.PhysicalResourceId }),
  );
  return SecretString;
}

function containerClients(region: string): ContainerClients {
  const { url: endpoint, credentials } = cloud.emulator;
  const client = { endpoint, credentials, region };
  return {
    backup: new BackupClient(client),
    cloudFormation: cloudFormation(region),
    s3: new S3Client({ ...client, forcePathStyle: true }),
  };
}

function cloudFormation(region: string): CloudFormationClient {
  const { url: endpoint, credentials } = cloud.emulator;
  return new CloudFormationClient({ endpoint, credentials, region });
}

async function deployedApi(): Promise<string> {
  const command = new DescribeStacksCommand({ StackName: `kyo-${stage.name}-provisioning` });
  const { Stacks } = await cloudFormation(stage.region).send(command);
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
const patience = { interval: 500 };

async function operationAt(statusUrl: string): Promise<Operation> {
  const response = await call('GET', statusUrl);
  expect(response.status).toBe(200);
  return (await response.json()) as Operation;
}

async function succeeded(statusUrl: string): Promise<Operation> {
  const ended = await eventually(async () => {
    const found = await operationAt(statusUrl);
    expect(found.status, JSON.stringify(found)).not.toBe('running');
    return found;
  }, patience);
  expect(ended, JSON.stringify(ended)).toMatchObject({ status: 'succeeded' });
  return ended;
}

/** In the master database itself, under the login of the functions that nothing reaches from outside, or that of a service. */
async function masterRows(statement: string, login?: string): Promise<unknown[]> {
  const url = new URL(otp.environment.KYO_MASTER_DATABASE_URL ?? '');
  const { username: user, password } = JSON.parse(login ?? (await driverLogin()));
  const connection = {
    host: url.hostname,
    port: Number(url.port),
    database: url.pathname.slice(1),
    user,
    password,
    ssl: { ca: cloud.servers.certificateAuthority },
  };
  return withConnection(connection, async (client) => (await client.query(statement)).rows);
}
