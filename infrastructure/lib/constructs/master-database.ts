import type { Program } from '@kyong/tenancy/adapters/master-database';
import { SecretValue } from 'aws-cdk-lib';
import type * as rds from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { poolSizes } from './connection-budget.ts';
import { Login } from './login.ts';
import type { LogDays } from './node-function.ts';
import { PostgresInstance, type PostgresInstanceProps } from './postgres-instance.ts';
import { ReleasePreparation } from './release-preparation.ts';

const databaseName = 'kyo_system_master';

export type MasterDatabaseProps = PostgresInstanceProps & {
  code: string;
  logDays: LogDays;
  /** How many connections each program may have. */
  connectionLimits: Record<Program, number>;
};

/** The master database, brought to the newest schema with every deployment, and the ways into it. */
export class MasterDatabase extends Construct {
  readonly instance: rds.DatabaseInstance;
  /** By program. The first name of two that take turns; a rotation writes the other one here. */
  readonly logins: Record<Program, Login>;
  /** Where it is, without a login. */
  readonly url: string;
  /** The keys that sign access tokens: a JSON array, see `SigningKey`. */
  readonly signingKeys: Secret;
  /** The function that makes it ready, and changes its logins. */
  readonly preparation: ReleasePreparation;
  readonly #endpoint: Record<
    'KYO_MASTER_DATABASE_HOST' | 'KYO_MASTER_DATABASE_PORT' | 'KYO_MASTER_DATABASE_NAME',
    string
  >;

  constructor(scope: Construct, id: string, props: MasterDatabaseProps) {
    super(scope, id);
    const { key, vpc, firewall, code, logDays, connectionLimits } = props;
    const server = new PostgresInstance(this, 'Server', { ...props, databaseName });
    this.instance = server.instance;
    this.url = `postgresql://${server.instance.instanceEndpoint.socketAddress}/${databaseName}`;
    this.logins = byProgram(
      (program) => new Login(this, `Login-${program}`, { username: `${databaseName}__${program}_1`, key }),
    );
    this.signingKeys = new Secret(this, 'SigningKeys', {
      encryptionKey: key,
      // Empty: the first key is made where it is kept, and is in no template.
      secretStringValue: SecretValue.unsafePlainText('[]'),
    });
    this.#endpoint = {
      KYO_MASTER_DATABASE_HOST: server.instance.dbInstanceEndpointAddress,
      KYO_MASTER_DATABASE_PORT: server.instance.dbInstanceEndpointPort,
      KYO_MASTER_DATABASE_NAME: databaseName,
    };
    this.preparation = new ReleasePreparation(this, 'Release', {
      code,
      network: { vpc, firewall },
      endpoint: this.#endpoint,
      adminSecret: server.adminSecret,
      logins: this.logins,
      connectionLimits,
      signingKeys: this.signingKeys,
      logDays,
    });
    this.preparation.node.addDependency(server.instance);
  }

  /** The way in of a program that is a function: it reads its login itself, so that it may change. */
  environmentOf(program: Program) {
    return {
      ...this.#endpoint,
      KYO_MASTER_DATABASE_SECRET: this.logins[program].secretArn,
      KYO_MASTER_DATABASE_CONNECTIONS: String(poolSizes[program]),
    };
  }
}

function byProgram<T>(of: (program: Program) => T): Record<Program, T> {
  const names = Object.keys(poolSizes) as Program[];
  return Object.fromEntries(names.map((program) => [program, of(program)])) as Record<Program, T>;
}
