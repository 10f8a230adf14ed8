import { CfnOutput, SecretValue, Stack } from 'aws-cdk-lib';
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

function environment({ stage, data, cache }: ServiceContext): ServiceVariables<typeof configSchema> {
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
    KYO_OTP_SECRET: secret,
    KYO_SIGNING_KEYS: data.master.signingKeys,
    KYO_SECRETS_PREFIX: secretsPrefixOf(stage),
    KYO_TRUSTED_PROXIES: String(trustedProxies),
    KYO_AWS_REGION: stage.region,
    ...providers(stage, data),
    ...(stage.edge.domain && { KYO_PUBLIC_URL: `https://${stage.edge.domain.name}` }),
  };
}

/** What sends messages, and what it needs. */
function providers({ messages }: Stage, data: DataStack) {
  const sms = messages.sms.map(({ name }) => name);
  const origination = smsOriginationArn(messages, data);
  return {
    KYO_SMS_PROVIDERS: sms.join(','),
    KYO_EMAIL_PROVIDERS: 'ses',
    KYO_SES_FROM: messages.emailFrom,
    ...(origination !== undefined && { KYO_AWS_SMS_ORIGINATION: origination }),
    ...(sms.includes('mitake') && { KYO_MITAKE_ACCOUNT: operatorSecret(data, 'MitakeAccount') }),
    ...(messages.captcha && { KYO_TURNSTILE_SECRET: operatorSecret(data, 'TurnstileSecret') }),
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

function smsOriginationArn({ sms }: Stage['messages'], data: DataStack): string | undefined {
  const aws = sms.find((provider) => provider.name === 'aws');
  return aws && Stack.of(data).formatArn({ service: 'sms-voice', resource: aws.origination });
}

/** Sending, by Amazon's providers: from the stage's own senders and no other of the account. */
function grantProviders(role: iam.IGrantable, { stage, data }: ServiceContext): void {
  const { messages } = stage;
  const origination = smsOriginationArn(messages, data);
  const identity = Stack.of(data).formatArn({
    service: 'ses',
    resource: 'identity',
    resourceName: messages.emailFrom,
  });
  const statements = [
    { sid: 'SendEmail', actions: ['ses:SendEmail'], resources: [identity] },
    ...(origination === undefined
      ? []
      : [{ sid: 'SendSms', actions: ['sms-voice:SendTextMessage'], resources: [origination] }]),
  ];
  for (const statement of statements)
    role.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
}
