import { Aws, CfnOutput, SecretValue } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { configSchema } from 'kyo-otp-service/config';
import type { Stage } from '../../config/index.ts';
import { poolSizes } from '../constructs/connection-budget.ts';
import { databaseCertificates } from '../constructs/database-certificates.ts';
import { secretsPrefixOf, tokensOf } from '../constructs/names.ts';
import { grantTenantDatabases } from '../constructs/tenant-database-access.ts';
import type { DataStack } from '../stacks/data.ts';
import {
  confirmingReplicas,
  type ServiceContext,
  type ServiceDefinition,
  type ServiceVariables,
  trustedProxies,
} from './definition.ts';

/** One-time passwords, sessions, and who may enter which tenant. */
export const otp: ServiceDefinition = {
  name: 'kyo-otp-service',
  paths: ['/api/otp/*', '/api/auth/*', '/.well-known/jwks.json'],
  priority: 90,
  cpuUnits: 256,
  memoryMebibytes: 512,
  stopTimeoutSeconds: 60,
  requestsPerMinuteAndTask: 6_000,
  alarm: {
    problem: 'One-time passwords: somebody pumps, a budget is used up, or the captcha does not answer',
    runbook: 'otp-alarm',
  },
  environment,
  grant(role, context) {
    grantTenantDatabases(role, context);
    grantProviders(role, context);
  },
};

function environment(context: ServiceContext): ServiceVariables<typeof configSchema> {
  const { stage, data, cache } = context;
  const secret = new Secret(data, 'OtpSecret', {
    encryptionKey: data.key,
    // 43 characters of base64url: 32 bytes.
    generateSecretString: { passwordLength: 43, excludePunctuation: true },
  });
  return {
    ...tokensOf(stage),
    KYO_STAGE: stage.name,
    KYO_REDIS_URL: cache.valkey.url,
    KYO_REDIS_LOGIN: cache.valkey.logins.otp.secret,
    KYO_REDIS_CONFIRMING_REPLICAS: confirmingReplicas(stage),
    KYO_MASTER_DATABASE_URL: data.master.url,
    KYO_MASTER_DATABASE_LOGIN: data.master.logins.otp,
    KYO_MASTER_DATABASE_CONNECTIONS: String(poolSizes.otp),
    KYO_DATABASE_CA: databaseCertificates(stage.region),
    KYO_OPERATORS: operatorsOf(stage),
    KYO_OTP_SECRET: secret,
    KYO_SIGNING_KEYS: data.master.signingKeys,
    KYO_SECRETS_PREFIX: secretsPrefixOf(stage),
    KYO_TRUSTED_PROXIES: String(trustedProxies),
    KYO_AWS_REGION: stage.region,
    ...providers(context),
    ...(stage.edge.domain && { KYO_PUBLIC_URL: `https://${stage.edge.domain.name}` }),
  };
}

/** CI migrates the tenants after a release. */
function operatorsOf(stage: Stage): string {
  const services = { root: 'iam', user: 'iam', 'assumed-role': 'sts' } as const;
  return [...stage.operators, `assumed-role/kyo-${stage.name}-github-RolesDeploy*` as const]
    .map((identity) => {
      const [kind = ''] = identity.split('/');
      return `arn:aws:${services[kind as keyof typeof services]}::${Aws.ACCOUNT_ID}:${identity}`;
    })
    .join(',');
}

/** What sends messages, and what it needs. */
function providers({ stage, data, messages }: ServiceContext) {
  const sms = stage.messages.sms.map(({ name }) => name);
  return {
    KYO_SMS_PROVIDERS: sms.join(','),
    ...(messages.sms && {
      KYO_AWS_SMS_ORIGINATION: messages.sms.arn,
      KYO_AWS_SMS_CONFIGURATION_SET: messages.sms.configurationSet,
    }),
    ...(sms.includes('mitake') && { KYO_MITAKE_ACCOUNT: operatorSecret(data, 'MitakeAccount') }),
    ...(stage.messages.captcha && { KYO_TURNSTILE_SECRET: operatorSecret(data, 'TurnstileSecret') }),
    KYO_EMAIL_PROVIDERS: 'ses',
    KYO_SES_FROM: stage.messages.emailFrom,
    KYO_AWS_RECEIPTS_TOPIC: messages.receipts.topicArn,
    KYO_SES_CONFIGURATION_SET: messages.email.configurationSet,
  };
}

/** A secret that an operator fills in, by its output. A deployment makes it empty, and does not change it again. */
function operatorSecret(data: DataStack, id: string): ISecret {
  const secret = new Secret(data, id, {
    encryptionKey: data.key,
    secretStringValue: SecretValue.unsafePlainText('{}'),
  });
  new CfnOutput(data, `${id}Arn`, { value: secret.secretArn });
  return secret;
}

/** Sending: from the stage's own senders and no other of the account. */
function grantProviders(role: iam.IGrantable, { stage, messages }: ServiceContext): void {
  const { email, sms } = messages;
  const statements: iam.PolicyStatementProps[] = [
    {
      sid: 'SendEmail',
      actions: ['ses:SendEmail'],
      resources: [email.arn, email.configurationSetArn],
    },
    {
      // SES also asks for the recipient, where that is an identity of the account: in its sandbox every recipient is one.
      sid: 'SendEmailToOwn',
      actions: ['ses:SendEmail'],
      resources: [messages.formatArn({ service: 'ses', resource: 'identity', resourceName: '*' })],
      conditions: { StringEquals: { 'ses:FromAddress': stage.messages.emailFrom } },
    },
    ...(sms
      ? [
          {
            sid: 'SendSms',
            actions: ['sms-voice:SendTextMessage'],
            resources: [sms.arn, sms.configurationSetArn],
          },
        ]
      : []),
  ];
  for (const statement of statements)
    role.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
}
