import { randomBytes } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Answer, Call, Handler } from './fault-proxy.ts';
import { accountAttributes, engineVersions, fault, result, withoutEndpoint } from './rds-answers.ts';
import type { RdsServers } from './rds-servers.ts';

interface Instance {
  port: number;
  secretArn: string;
  /** How many more descriptions say `creating`, `modifying` or `deleting`. */
  busyFor: number;
  /** Modified since it was created. */
  modified?: boolean;
  /** The last description, once the deletion has begun. */
  deleting?: string;
}

export interface RdsBehaviour {
  handlers: Record<string, Handler>;
  quotas: Record<'DBInstances' | 'AllocatedStorage', { used: number; max: number }>;
  /** How many descriptions an instance is `creating` for, `modifying` and `deleting`. */
  busyFor: { creation: number; modification: number; deletion: number };
  engineVersions: string[];
  /** The master secret of each instance there ever was. */
  secrets: Map<string, string>;
}

/**
 * What RDS does and the emulator leaves out: instances that take their time, show no endpoint meanwhile and refuse what
 * their state does not allow; managed master secrets; account quotas; and a PostgreSQL that answers at the endpoint.
 */
export function rdsBehaviour(servers: RdsServers, secretsManager: SecretsManagerClient): RdsBehaviour {
  const instances = new Map<string, Instance>();
  const settings = {
    quotas: { DBInstances: { used: 3, max: 40 }, AllocatedStorage: { used: 300, max: 100_000 } },
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
    const { ARN: secretArn = '' } = await secretsManager.send(
      new CreateSecretCommand({
        Name: `rds!db-${randomBytes(18).toString('hex')}`,
        SecretString: JSON.stringify({ username: master, password }),
      }),
    );
    const instance = { port, secretArn, busyFor: settings.busyFor.creation };
    instances.set(id, instance);
    settings.secrets.set(id, secretArn);
    return { status: 200, body: shown(answer.body, instance) };
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
    await secretsManager.send(
      new DeleteSecretCommand({ SecretId: instance.secretArn, ForceDeleteWithoutRecovery: true }),
    );
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
      DescribeAccountAttributes: async () => accountAttributes(settings.quotas),
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
    .replace('<TagList>', `${secret}<TagList>`);
  if (deleting) return complete;
  const busyWith = modified ? 'modifying' : 'creating';
  const status = busyFor > 0 ? busyWith : 'available';
  const current = complete.replace(/<DBInstanceStatus>[^<]*</, `<DBInstanceStatus>${status}<`);
  return status === 'creating' ? withoutEndpoint(current) : current;
}
