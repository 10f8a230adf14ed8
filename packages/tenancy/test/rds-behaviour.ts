import { randomBytes } from 'node:crypto';
import { CreateDBInstanceCommand, DescribeDBInstancesCommand, type RDSClient } from '@aws-sdk/client-rds';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Answer, Call, Handler } from './fault-proxy.ts';
import {
  accountAttributes,
  automatedBackup,
  engineVersions,
  fault,
  result,
  subnetGroup,
  subnets,
  withoutEndpoint,
} from './rds-answers.ts';
import type { RdsServers } from './rds-servers.ts';

interface Instance {
  port: number;
  /** Undefined of a restored one, until RDS is asked to manage its password. */
  secretArn?: string;
  /** How many more descriptions say `creating`, `modifying` or `deleting`. */
  busyFor: number;
  /** Modified since it was created. */
  modified?: boolean;
  /** The last description, once the deletion has begun. */
  deleting?: string;
}

export interface RdsBehaviour {
  handlers: Record<string, Handler>;
  quotas: Record<'DBInstances' | 'AllocatedStorage' | 'ManualSnapshots', { used: number; max: number }>;
  /** Of the subnet group, by id. */
  subnets: Record<string, { cidr: string; free: number }>;
  /** How many descriptions an instance is `creating` for, `modifying` and `deleting`. */
  busyFor: { creation: number; modification: number; deletion: number };
  engineVersions: string[];
  /** The master secret of each instance there ever was. */
  secrets: Map<string, string>;
}

/** Of every instance of ours. */
const masterUsername = 'kyo';

/**
 * What RDS does and the emulator leaves out: instances that take their time, show no endpoint meanwhile and refuse what
 * their state does not allow; managed master secrets; account quotas; and a PostgreSQL that answers at the endpoint.
 */
export function rdsBehaviour(
  servers: RdsServers,
  rds: RDSClient,
  secretsManager: SecretsManagerClient,
): RdsBehaviour {
  const instances = new Map<string, Instance>();
  const settings = {
    quotas: {
      DBInstances: { used: 3, max: 40 },
      AllocatedStorage: { used: 300, max: 100_000 },
      ManualSnapshots: { used: 80, max: 100 },
    },
    subnets: {
      'subnet-a': { cidr: '10.0.0.0/21', free: 2_000 },
      'subnet-c': { cidr: '10.0.8.0/21', free: 1_900 },
    },
    busyFor: { creation: 2, modification: 2, deletion: 2 },
    engineVersions: ['17.9'],
    secrets: new Map<string, string>(),
  };
  const idOf = ({ parameters }: Call) => parameters.get('DBInstanceIdentifier') ?? '';
  const wrongState = (id: string) =>
    fault('InvalidDBInstanceState', `Instance ${id} is not in a state that allows this.`);

  async function create(call: Call, forward: () => Promise<Answer>): Promise<Answer> {
    const { parameters } = call;
    const id = idOf(call);
    if (instances.has(id)) return fault('DBInstanceAlreadyExists', 'DB instance already exists');
    const answer = await forward();
    if (answer.status !== 200 || parameters.get('ManageMasterUserPassword') !== 'true') return answer;

    const master = parameters.get('MasterUsername') ?? '';
    const { port, password } = await servers.create(id, parameters.get('DBName') ?? '', master);
    const secretArn = await keepSecret(call, master, password);
    const instance = { port, secretArn, busyFor: settings.busyFor.creation };
    instances.set(id, instance);
    return { status: 200, body: shown(answer.body, instance) };
  }

  /** As RDS names and tags it, under the key that it was asked to use. */
  async function keepSecret(call: Call, username: string, password: string): Promise<string> {
    const id = idOf(call);
    const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
    const kmsKeyId = call.parameters.get('MasterUserSecretKmsKeyId');
    const { ARN: secretArn = '' } = await secretsManager.send(
      new CreateSecretCommand({
        Name: `rds!db-${randomBytes(18).toString('hex')}`,
        SecretString: JSON.stringify({ username, password }),
        ...(kmsKeyId && { KmsKeyId: kmsKeyId }),
        Tags: [
          { Key: 'aws:secretsmanager:owningService', Value: 'rds' },
          { Key: 'aws:rds:primaryDBInstanceArn', Value: DBInstances?.[0]?.DBInstanceArn },
        ],
      }),
    );
    settings.secrets.set(id, secretArn);
    return secretArn;
  }

  /** The emulator knows no point in time: it is told to create the instance, and the server behind it is recovered. */
  async function restore({ parameters }: Call): Promise<Answer> {
    const value = (name: string) => parameters.get(name) ?? '';
    const [sourceId, id] = [value('SourceDBInstanceIdentifier'), value('TargetDBInstanceIdentifier')];
    if (instances.has(id)) return fault('DBInstanceAlreadyExists', 'DB instance already exists');
    if (!instances.has(sourceId))
      return fault('DBInstanceNotFound', `DBInstance ${sourceId} not found.`, 404);
    const to = new Date(value('RestoreTime'));
    const since = servers.restorableSince(sourceId);
    if (!since || to < since || to > new Date()) {
      return fault('InvalidParameterValue', `The restore time ${value('RestoreTime')} is not restorable`);
    }
    const tags = [...parameters].filter(([name]) => /^Tags\.Tag\.\d+\.Key$/.test(name));
    await rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: id,
        DBInstanceClass: value('DBInstanceClass') || 'db.t4g.medium',
        Engine: 'postgres',
        AllocatedStorage: 20,
        DeletionProtection: value('DeletionProtection') === 'true',
        Tags: tags.map(([name, Key]) => ({ Key, Value: value(name.replace(/Key$/, 'Value')) })),
      }),
    );
    const { port } = await servers.restore(sourceId, id, to);
    instances.set(id, { port, busyFor: settings.busyFor.creation });
    const description = `<DBInstanceIdentifier>${id}</DBInstanceIdentifier><DBInstanceStatus>creating</DBInstanceStatus>`;
    return result('RestoreDBInstanceToPointInTime', `<DBInstance>${description}</DBInstance>`);
  }

  async function describeBackups(call: Call): Promise<Answer> {
    const since = servers.restorableSince(idOf(call));
    return automatedBackup(idOf(call), since && { from: since, until: new Date() });
  }

  async function describe(call: Call, forward: () => Promise<Answer>): Promise<Answer> {
    const id = idOf(call);
    const instance = instances.get(id);
    if (!instance) return forward();
    const answer = instance.deleting ? result('DescribeDBInstances', instance.deleting) : await forward();
    const body = shown(answer.body, instance);
    if (instance.busyFor > 0) instance.busyFor -= 1;
    else if (instance.deleting) {
      instances.delete(id);
      return fault('DBInstanceNotFound', `DBInstance ${id} not found.`, 404);
    }
    return { ...answer, body };
  }

  async function modify(call: Call, forward: () => Promise<Answer>): Promise<Answer> {
    const instance = instances.get(idOf(call));
    if (instance && (instance.deleting || instance.busyFor > 0)) return wrongState(idOf(call));
    if (instance && call.parameters.get('ManageMasterUserPassword') === 'true') {
      const password = randomBytes(24).toString('base64url');
      await servers.setPassword(idOf(call), masterUsername, password);
      instance.secretArn = await keepSecret(call, masterUsername, password);
      instance.busyFor = 1;
      // The emulator would keep a password of its own.
      return result('ModifyDBInstance', '<DBInstance></DBInstance>');
    }
    const answer = await forward();
    // The rest is done without a change of status.
    const takesTime =
      call.parameters.has('DBInstanceClass') && call.parameters.get('ApplyImmediately') === 'true';
    if (instance && answer.status === 200 && takesTime) {
      instance.modified = true;
      instance.busyFor = settings.busyFor.modification;
    }
    return answer;
  }

  async function remove(call: Call, forward: () => Promise<Answer>): Promise<Answer> {
    const id = idOf(call);
    const instance = instances.get(id);
    if (instance?.deleting) return wrongState(id);
    const { parameters } = call;
    const skips = parameters.get('SkipFinalSnapshot') === 'true';
    if (skips === parameters.has('FinalDBSnapshotIdentifier')) {
      return fault('InvalidParameterCombination', 'FinalDBSnapshotIdentifier, or SkipFinalSnapshot');
    }
    const answer = await forward();
    if (!instance || answer.status !== 200) return answer;
    await servers.destroy(id);
    if (instance.secretArn) {
      await secretsManager.send(
        new DeleteSecretCommand({ SecretId: instance.secretArn, ForceDeleteWithoutRecovery: true }),
      );
    }
    const [description = ''] = /<DBInstance>.*<\/DBInstance>/s.exec(answer.body) ?? [];
    instance.deleting = `<DBInstances>${description}</DBInstances>`;
    instance.busyFor = settings.busyFor.deletion;
    return answer;
  }

  return {
    ...settings,
    handlers: {
      CreateDBInstance: create,
      DescribeDBInstances: describe,
      ModifyDBInstance: modify,
      DeleteDBInstance: remove,
      RestoreDBInstanceToPointInTime: restore,
      DescribeDBInstanceAutomatedBackups: describeBackups,
      DescribeAccountAttributes: async () => accountAttributes(settings.quotas),
      DescribeDBSubnetGroups: async () => subnetGroup(Object.keys(settings.subnets)),
      DescribeSubnets: async () => subnets(settings.subnets),
      DescribeDBEngineVersions: async ({ parameters }) => {
        const major = parameters.get('EngineVersion');
        return engineVersions(settings.engineVersions.filter((version) => version.startsWith(`${major}.`)));
      },
    },
  };
}

/** The emulator's description of an instance, as RDS would give it now. */
function shown(body: string, { port, secretArn, busyFor, modified, deleting }: Instance): string {
  const secret = `<MasterUserSecret><SecretArn>${secretArn}</SecretArn><SecretStatus>active</SecretStatus></MasterUserSecret>`;
  const complete = body
    .replace(/(<Endpoint>.*?<Port>)\d+/s, `$1${port}`)
    .replace('<TagList>', `${secretArn ? secret : ''}<TagList>`);
  if (deleting) return complete;
  const busyWith = modified ? 'modifying' : 'creating';
  const status = busyFor > 0 ? busyWith : 'available';
  const current = complete.replace(/<DBInstanceStatus>[^<]*</, `<DBInstanceStatus>${status}<`);
  return status === 'creating' ? withoutEndpoint(current) : current;
}
