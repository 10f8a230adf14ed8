import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { PinpointSMSVoiceV2Client } from '@aws-sdk/client-pinpoint-sms-voice-v2';
import type { RDSClient } from '@aws-sdk/client-rds';
import type { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import type { SESv2Client } from '@aws-sdk/client-sesv2';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { STSClient } from '@aws-sdk/client-sts';
import type { Stage } from '../../config/index.ts';

/** What was looked at, and how it was found. An error would end a deployment half-way; a warning leaves something to do. */
export interface Finding {
  check: string;
  level: 'ok' | 'warning' | 'error';
  detail: string;
  remedy?: string;
}

/** Of the account and the stage's region. */
export interface PreflightClients {
  cloudFormation: CloudFormationClient;
  ec2: EC2Client;
  iam: IAMClient;
  lambda: LambdaClient;
  rds: RDSClient;
  serviceQuotas: ServiceQuotasClient;
  ses: SESv2Client;
  sms: PinpointSMSVoiceV2Client;
  sts: STSClient;
  /** Of any region: each one that a stage uses is bootstrapped by itself. */
  ssmIn: (region: string) => SSMClient;
  /** What the profile or the environment of this machine says. */
  machineRegion: () => Promise<string | undefined>;
}

export interface Preflight {
  stage: Stage;
  clients: PreflightClients;
  /** Whether images are built on this machine; without it it is not known yet. */
  buildsImages?: boolean | undefined;
}

export interface Check {
  name: string;
  look(preflight: Preflight): Promise<Omit<Finding, 'check'>[]>;
}

export const ok = (detail: string) => [{ level: 'ok' as const, detail }];

/** As the services say it: `AccessDenied`, `AccessDeniedException`, `UnauthorizedOperation`. */
export function isDenied({ name, message }: Error): boolean {
  return /denied|unauthorized|not authorized/i.test(`${name} ${message}`);
}
