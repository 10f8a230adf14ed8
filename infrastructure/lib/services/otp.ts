import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { configSchema } from 'kyo-otp-service/config';
import { databaseCertificates } from '../constructs/database-certificates.ts';
import { secretsPrefixOf, tokensOf } from '../constructs/names.ts';
import { grantTenantDatabases } from '../constructs/tenant-database-access.ts';
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
  const { messages } = stage;
  const secret = new Secret(data, 'OtpSecret', {
    encryptionKey: data.key,
    // 43 characters of base64url: 32 bytes.
    generateSecretString: { passwordLength: 43, excludePunctuation: true },
  });
  return {
    ...tokensOf(stage),
    KYO_STAGE: stage.name,
    KYO_REDIS_URL: cache.valkey.url,
    KYO_REDIS_CONFIRMING_REPLICAS: confirmingReplicas(stage),
    KYO_MASTER_DATABASE_URL: data.master.url,
    KYO_DATABASE_CA: databaseCertificates(stage.region),
    KYO_OTP_SECRET: secret,
    KYO_SIGNING_KEYS: data.master.signingKeys,
    KYO_SECRETS_PREFIX: secretsPrefixOf(stage),
    KYO_TRUSTED_PROXIES: String(trustedProxies),
    KYO_AWS_REGION: stage.region,
    KYO_SMS_PROVIDERS: messages.sms,
    KYO_EMAIL_PROVIDERS: messages.email,
    ...(messages.smsOrigination && { KYO_AWS_SMS_ORIGINATION: messages.smsOrigination }),
    ...(messages.emailFrom && { KYO_SES_FROM: messages.emailFrom }),
    ...(stage.edge.domain && { KYO_PUBLIC_URL: `https://${stage.edge.domain.name}` }),
  };
}

/** Sending, where the stage has Amazon send. */
function grantProviders(role: iam.IGrantable, { stage, data }: ServiceContext): void {
  const arn = (service: string, resource: string) =>
    Stack.of(data).formatArn({ service, resource, resourceName: '*' });
  if (stage.messages.sms.includes('aws')) {
    role.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({
        sid: 'SendSms',
        actions: ['sms-voice:SendTextMessage'],
        resources: ['phone-number', 'sender-id', 'pool', 'configuration-set'].map((kind) =>
          arn('sms-voice', kind),
        ),
      }),
    );
  }
  if (stage.messages.email.includes('ses')) {
    role.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({
        sid: 'SendEmail',
        actions: ['ses:SendEmail'],
        resources: ['identity', 'configuration-set'].map((kind) => arn('ses', kind)),
      }),
    );
  }
}
