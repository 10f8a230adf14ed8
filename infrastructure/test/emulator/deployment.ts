import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { RDSClient } from '@aws-sdk/client-rds';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { freePort } from '@kyong/embedded-servers';
import { type AwsEmulator, startAwsEmulator } from '@kyong/testing';
import { startFaultProxy } from '../../../packages/tenancy/test/fault-proxy.ts';
import { type RdsBehaviour, rdsBehaviour } from '../../../packages/tenancy/test/rds-behaviour.ts';
import { type RdsServers, startRdsServers } from '../../../packages/tenancy/test/rds-servers.ts';
import { stageOf } from '../../config/index.ts';
import { urlOf } from '../../lib/services/definition.ts';
import { serveServiceRules } from './service-rules.ts';

const otpAddress = new URL(urlOf('kyo-otp-service', stageOf('dev'))).host;

export interface EmulatedCloud {
  emulator: AwsEmulator;
  region: string;
  servers: RdsServers;
  /** What RDS does when functions call it. */
  rds: RdsBehaviour;
  /** Where the name of kyo-otp-service leads to: nothing listens there yet. */
  otpPort: number;
  /** Where RDS and EC2 answer as strictly. */
  rdsUrl: string;
  directory: string;
  /** The calls that roles made: a file of JSON lines. */
  record: string;
  stop(): Promise<void>;
}

/**
 * An empty account in the emulator: with a real PostgreSQL behind every database server, whoever asks for it, and RDS as
 * slow and as strict as it is.
 */
export async function startEmulatedCloud(region: string): Promise<EmulatedCloud> {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-test-cloud-'));
  // Entered, not listed, by the account PostgreSQL runs under when we are root.
  chmodSync(directory, 0o711);
  const record = join(directory, 'calls.jsonl');
  const servers = await startRdsServers(directory);
  const requests = await serveDatabaseRequests(servers);
  const serviceRules = await serveServiceRules();
  const [port, otpPort] = [await freePort(), await freePort()];
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = { endpoint, region, credentials };
  const rds = rdsBehaviour(servers, new RDSClient(client), new SecretsManagerClient(client));
  const proxy = await startFaultProxy(endpoint, rds.handlers, { judged: true });
  const emulator = await startAwsEmulator({
    port,
    overlays: ['overlay.py', 'iam_overlay.py', 'service_rules_overlay.py'].map((file) =>
      join(import.meta.dirname, file),
    ),
    environment: {
      // IAM is evaluated: all clients but the test's own are held to their roles.
      AUTH: 'true',
      // Of the seconds that a state machine waits: what it waits for is there at once.
      SFN_WAIT_SCALE: '0.2',
      KYO_IAM_RECORD: record,
      KYO_INERT_TYPES: join(import.meta.dirname, 'inert-types.json'),
      KYO_DATABASE_SERVERS: requests.url,
      KYO_SERVICE_RULES: serviceRules.url,
      KYO_SERVICE_ADDRESSES: JSON.stringify({ [otpAddress]: `localhost:${otpPort}` }),
      // Of the functions: whose certificates they trust, where RDS is, and what it is built on.
      KYO_DATABASE_CA: servers.certificateAuthority,
      AWS_ENDPOINT_URL_RDS: proxy.url,
      AWS_ENDPOINT_URL_EC2: proxy.url,
    },
  });
  return {
    emulator,
    region,
    servers,
    rds,
    otpPort,
    rdsUrl: proxy.url,
    directory,
    record,
    async stop() {
      await emulator.stop();
      await proxy.close();
      requests.close();
      serviceRules.close();
      const folder = join(directory, 'instances');
      if (existsSync(folder)) await Promise.all(readdirSync(folder).map((id) => servers.destroy(id)));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Starts a server for each instance that a stack creates: the overlay asks for it. */
async function serveDatabaseRequests(servers: RdsServers): Promise<{ url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const wanted = (await json(request)) as Record<'instanceId' | 'database' | 'user' | 'password', string>;
    const { port } = await servers.create(wanted.instanceId, wanted.database || 'unused', wanted.user);
    await servers.setPassword(wanted.instanceId, wanted.user, wanted.password);
    response.end(JSON.stringify({ port }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
