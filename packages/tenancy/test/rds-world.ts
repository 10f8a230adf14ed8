import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateDBInstanceCommand,
  CreateDBParameterGroupCommand,
  CreateDBSnapshotCommand,
  type DBInstance,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { startAwsEmulator } from '@kyong/testing';
import { type RdsOptions, rdsClientDefaults, rdsPostgres } from '../src/adapters/rds/index.ts';
import type { DatabaseHost, DatabaseReservation } from '../src/index.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { type RdsBehaviour, rdsBehaviour } from './rds-behaviour.ts';
import { type RdsServers, startRdsServers } from './rds-servers.ts';

export interface RdsWorld {
  host: DatabaseHost;
  /** What the host was made with. */
  options: RdsOptions;
  /** The same with other options, or from a process whose calls are never repeated (`attempts` 1). */
  hostWith(changes: Partial<RdsOptions>, attempts?: number): DatabaseHost;
  proxy: FaultProxy;
  behaviour: RdsBehaviour;
  servers: RdsServers;
  /** Past the proxy: what the account really holds. */
  secretsManager: SecretsManagerClient;
  findInstance(instanceId: string): Promise<DBInstance | undefined>;
  snapshots(instanceId: string): Promise<string[]>;
  /** As an operator does it. */
  takeSnapshot(instanceId: string, name: string): Promise<void>;
  /** Creates somebody else's instance of this name. */
  occupy(reservation: DatabaseReservation): Promise<void>;
  leftovers(reservation: Pick<DatabaseReservation, 'instanceId'>): Promise<string[]>;
  stop(): Promise<void>;
}

const parameterGroupName = 'kyo-postgres17';

/** An AWS account: the emulator, what it lacks of RDS, real servers behind the endpoints, and a bad network before it all. */
export async function startRdsWorld(): Promise<RdsWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-test-rds-'));
  // Entered, not listed, by the account PostgreSQL runs under when we are root.
  chmodSync(directory, 0o711);
  const [emulator, servers] = await Promise.all([startAwsEmulator(), startRdsServers(directory)]);
  const { region, credentials } = emulator;
  const direct = { endpoint: emulator.url, region, credentials };
  const rds = new RDSClient(direct);
  const secretsManager = new SecretsManagerClient(direct);
  await rds.send(
    new CreateDBParameterGroupCommand({
      DBParameterGroupName: parameterGroupName,
      DBParameterGroupFamily: 'postgres17',
      Description: 'Of tenants',
    }),
  );
  const behaviour = rdsBehaviour(servers, rds, secretsManager);
  const proxy = await startFaultProxy(emulator.url, behaviour.handlers);

  const optionsWith = (changes: Partial<RdsOptions>, attempts: number = rdsClientDefaults.maxAttempts) => {
    const client = { ...rdsClientDefaults, maxAttempts: attempts, endpoint: proxy.url, region, credentials };
    return {
      rds: new RDSClient(client),
      ec2: new EC2Client(client),
      secretsManager: new SecretsManagerClient(client),
      stage: 'test',
      postgresMajorVersion: 17,
      kmsKeyId: 'alias/kyo',
      subnetGroupName: 'kyo-databases',
      parameterGroupName,
      securityGroupIds: ['sg-0123456789abcdef0'],
      certificateAuthority: { identifier: 'rds-ca-rsa2048-g1', certificates: servers.certificateAuthority },
      quotaShare: 0.9,
      deletion: { pollSeconds: 0.01, waitAtMostSeconds: 5 },
      ...changes,
    } satisfies RdsOptions;
  };
  const hostWith = (changes: Partial<RdsOptions>, attempts?: number) =>
    rdsPostgres(optionsWith(changes, attempts));

  async function findInstance(instanceId: string): Promise<DBInstance | undefined> {
    const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({}));
    return DBInstances.find((instance) => instance.DBInstanceIdentifier === instanceId);
  }

  async function snapshots(instanceId: string): Promise<string[]> {
    const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({}));
    return DBSnapshots.flatMap(({ DBInstanceIdentifier, DBSnapshotIdentifier = '' }) =>
      DBInstanceIdentifier === instanceId ? [DBSnapshotIdentifier] : [],
    );
  }

  return {
    host: hostWith({}),
    options: optionsWith({}),
    hostWith,
    proxy,
    behaviour,
    servers,
    secretsManager,
    findInstance,
    snapshots,
    async takeSnapshot(DBInstanceIdentifier, DBSnapshotIdentifier) {
      await rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier, DBSnapshotIdentifier }));
    },
    async occupy({ instanceId }) {
      await rds.send(
        new CreateDBInstanceCommand({
          DBInstanceIdentifier: instanceId,
          DBInstanceClass: 'db.t4g.micro',
          Engine: 'postgres',
          AllocatedStorage: 20,
          Tags: [{ Key: 'team', Value: 'reports' }],
        }),
      );
    },
    async leftovers({ instanceId }) {
      const folder = join(directory, 'instances');
      const { SecretList = [] } = await secretsManager.send(new ListSecretsCommand({}));
      const held = [...behaviour.secrets].flatMap(([id, arn]) => (id === instanceId ? [arn] : []));
      return [
        ...((await findInstance(instanceId)) ? [`instance ${instanceId}`] : []),
        ...(await snapshots(instanceId)).map((id) => `snapshot ${id}`),
        ...SecretList.flatMap(({ ARN = '' }) => (held.includes(ARN) ? [`secret ${ARN}`] : [])),
        ...(existsSync(folder) ? readdirSync(folder).filter((name) => name.includes(instanceId)) : []),
      ];
    },
    async stop() {
      await proxy.close();
      const folder = join(directory, 'instances');
      if (existsSync(folder)) await Promise.all(readdirSync(folder).map((id) => servers.destroy(id)));
      await emulator.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
