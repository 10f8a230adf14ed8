import { join } from 'node:path';
import { CreateEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import type { SendOtpResponse } from '@kyong/contracts';
import { RedisServer } from '@kyong/embedded-servers';
import { eventually } from '@kyong/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, stageOf } from '../config/index.ts';
import { buildFunctions } from '../lib/code/index.ts';
import { synthesize } from '../lib/synthesize.ts';
import { bootstrapIn, cdkAgainst } from './emulator/cdk.ts';
import { type Commands, commandsAgainst } from './emulator/commands.ts';
import { type RunningContainer, runDeployedService } from './emulator/container.ts';
import { type EmulatedCloud, startEmulatedCloud } from './emulator/deployment.ts';
import { type MessageProviders, startMessageProviders } from './emulator/message-providers.ts';
import { images } from './templates.ts';

/** Every provider there is. */
const stage: Stage = {
  ...stageOf('dev'),
  messages: {
    sms: [{ name: 'mitake' }, { name: 'aws', origination: 'pool/pool-0123456789abcdef' }],
    emailFrom: 'codes@kyo.example',
    captcha: false,
  },
};

let cloud: EmulatedCloud;
let commands: Commands;
let providers: MessageProviders;
let redis: RedisServer;
let service: RunningContainer;

beforeAll(async () => {
  cloud = await startEmulatedCloud(stage.region);
  commands = commandsAgainst(cloud);
  providers = await startMessageProviders(cloud.directory);
  // Its own: services of other tests would take what waits here to be sent.
  redis = new RedisServer(join(cloud.directory, 'redis'), { fsync: 'no' });
  await redis.start(() => {});
  const code = await buildFunctions(join(cloud.directory, 'functions'));
  const { directory } = synthesize(stage, code, join(cloud.directory, 'templates'), images);
  const cdk = cdkAgainst(cloud.emulator);
  await bootstrapIn(cloud.emulator, stage);
  await cdk(
    'deploy',
    'kyo-dev-services',
    '--require-approval',
    'never',
    '--concurrency',
    '4',
    '--app',
    directory,
  );
  service = await start();
}, 600_000);

afterAll(async () => {
  await service?.stop();
  await redis?.stop();
  providers?.close();
  await cloud?.stop();
});

it('says at its start which account of a provider is still to be filled in', () => {
  const alarms = service.log().filter((line) => line.includes('secret_unfilled'));
  expect(alarms).toEqual([expect.stringContaining('KYO_MITAKE_ACCOUNT')]);
});

it('sends a code by SMS with Amazon while Mitake has no account, and the code lets its recipient in', async () => {
  const { requestId } = await sendCode('sms', '+886912345678');
  const { provider, request } = await firstSmsTo('+886912345678');
  expect([provider, request]).toEqual([
    'aws',
    expect.objectContaining({
      OriginationIdentity: `arn:aws:sms-voice:${stage.region}:${cloud.emulator.accountId}:pool/pool-0123456789abcdef`,
      ConfigurationSetName: expect.stringContaining('kyo-dev-messages-Sms'),
    }),
  ]);
  await letsIn(requestId, request.MessageBody);
});

it('sends a code by e-mail, to a person whose address is an identity of the account as in the sandbox', async () => {
  const { url: endpoint, credentials } = cloud.emulator;
  const client = new SESv2Client({ endpoint, credentials, region: stage.region });
  await client.send(new CreateEmailIdentityCommand({ EmailIdentity: 'guest@gym.example' }));
  const { requestId } = await sendCode('email', 'guest@gym.example');
  const mail = await eventually(async () => {
    const response = await fetch(`${cloud.emulator.url}/_ministack/ses/messages`);
    const { messages } = (await response.json()) as { messages: Record<string, Record<string, unknown>[]> };
    const [found] = Object.values(messages).flat();
    expect(found).toMatchObject({ Source: 'codes@kyo.example', To: ['guest@gym.example'] });
    return found;
  });
  await letsIn(requestId, String(mail?.BodyText));
});

it('shows codes to nobody', async () => {
  expect((await fetch(`${service.url}/dev/outbox?to=%2B886912345678`)).status).toBe(404);
});

it('sends by Mitake once an operator has filled in its account', async () => {
  const output = await commands.npmRunWith(
    'kyo-account\nits-password\n',
    'fill-secret',
    '-c',
    'stage=dev',
    'mitake',
  );
  expect(output).toContain('is being replaced');
  expect(output).not.toContain('its-password');
  await service.stop();
  service = await start();
  expect(service.log().filter((line) => line.includes('secret_unfilled'))).toEqual([]);

  const { requestId } = await sendCode('sms', '+886987654321');
  const { provider, request } = await firstSmsTo('0987654321');
  expect([provider, request]).toEqual([
    'mitake',
    expect.objectContaining({ username: 'kyo-account', password: 'its-password' }),
  ]);
  await letsIn(requestId, request.smbody);
});

function start(): Promise<RunningContainer> {
  const { host, port, password } = redis.endpoint;
  return runDeployedService(cloud, 'kyo-otp-service', {
    ...providers.environment,
    KYO_PORT: String(cloud.otpPort),
    KYO_REDIS_URL: `redis://${host}:${port}`,
    KYO_REDIS_LOGIN: JSON.stringify({ username: 'default', password }),
    KYO_DATABASE_CA: cloud.servers.certificateAuthority,
    KYO_DRAIN_SECONDS: '0',
  });
}

function post(path: string, body: unknown): Promise<Response> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  return fetch(`${service.url}${path}`, init);
}

async function sendCode(channel: 'sms' | 'email', to: string): Promise<SendOtpResponse> {
  const response = await post('/api/otp/send', { channel, to, purpose: 'signup' });
  expect(response.status).toBe(202);
  return (await response.json()) as SendOtpResponse;
}

/** As it came to the provider: Mitake dials as in Taiwan. */
function firstSmsTo(number: string) {
  return eventually(() => {
    const sms = providers.received.find(({ request }) =>
      [request.DestinationPhoneNumber, request.dstaddr].includes(number),
    );
    if (!sms) throw new Error(`No provider was asked to send to ${number}.`);
    return sms;
  });
}

async function letsIn(requestId: string, message = ''): Promise<void> {
  const [code] = /\b\d{6}\b/.exec(message) ?? [];
  const response = await post('/api/otp/verify', { requestId, code });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ tokenType: 'Bearer', accessToken: expect.any(String) });
}
