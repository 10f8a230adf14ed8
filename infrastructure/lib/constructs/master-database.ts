import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SecretValue } from 'aws-cdk-lib';
import type * as rds from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { root } from '../code/index.ts';
import { ConnectionUrl, passwordRules } from './connection-url.ts';
import type { LogDays } from './node-function.ts';
import { PostgresInstance, type PostgresInstanceProps } from './postgres-instance.ts';
import { ReleasePreparation } from './release-preparation.ts';

const databaseName = 'kyo_system_master';
/** The role of services and functions: it works with rows and changes no schema. */
const serviceRole = 'kyo_services';

export type MasterDatabaseProps = PostgresInstanceProps & { code: string; logDays: LogDays };

/** The master database, brought to the newest schema with every deployment, and the ways into it. */
export class MasterDatabase extends Construct {
  readonly instance: rds.DatabaseInstance;
  /** JSON with `username` and `password` of the services' role. */
  readonly servicesSecret: Secret;
  /** The same as a URL. */
  readonly url: ConnectionUrl;
  /** The keys that sign access tokens: a JSON array, see `SigningKey`. */
  readonly signingKeys: Secret;
  /** Where it is, as functions take it. */
  readonly environment: Record<
    | 'KYO_MASTER_DATABASE_HOST'
    | 'KYO_MASTER_DATABASE_PORT'
    | 'KYO_MASTER_DATABASE_NAME'
    | 'KYO_MASTER_DATABASE_SECRET',
    string
  >;

  constructor(scope: Construct, id: string, props: MasterDatabaseProps) {
    super(scope, id);
    const { key, vpc, firewall, code, logDays } = props;
    const server = new PostgresInstance(this, 'Server', { ...props, databaseName });
    this.instance = server.instance;
    this.servicesSecret = new Secret(this, 'ServicesSecret', {
      encryptionKey: key,
      generateSecretString: {
        ...passwordRules,
        secretStringTemplate: JSON.stringify({ username: serviceRole }),
        generateStringKey: 'password',
      },
    });
    this.url = new ConnectionUrl(this, 'Url', {
      protocol: 'postgresql',
      user: serviceRole,
      password: this.servicesSecret,
      address: `${server.instance.instanceEndpoint.socketAddress}/${databaseName}`,
      key,
    });
    this.signingKeys = new Secret(this, 'SigningKeys', {
      encryptionKey: key,
      // Empty: the first key is made where it is kept, and is in no template.
      secretStringValue: SecretValue.unsafePlainText('[]'),
    });
    this.environment = {
      KYO_MASTER_DATABASE_HOST: server.instance.dbInstanceEndpointAddress,
      KYO_MASTER_DATABASE_PORT: server.instance.dbInstanceEndpointPort,
      KYO_MASTER_DATABASE_NAME: databaseName,
      KYO_MASTER_DATABASE_SECRET: this.servicesSecret.secretArn,
    };
    new ReleasePreparation(this, 'Release', {
      code,
      network: { vpc, firewall },
      environment: {
        ...this.environment,
        KYO_MASTER_DATABASE_ADMIN_SECRET: server.adminSecret.secretArn,
        KYO_SIGNING_KEYS_SECRET: this.signingKeys.secretArn,
      },
      digest: digestOf('packages/tenancy/migrations/master/*.sql'),
      readable: [server.adminSecret, this.servicesSecret],
      writable: this.signingKeys,
      logDays,
    }).node.addDependency(server.instance);
  }
}

function digestOf(pattern: string): string {
  const hash = createHash('sha256');
  for (const file of globSync(pattern, { cwd: root }).sort())
    hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
