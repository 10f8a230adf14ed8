import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { PinpointSMSVoiceV2Client } from '@aws-sdk/client-pinpoint-sms-voice-v2';
import { RDSClient } from '@aws-sdk/client-rds';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import type { Stage } from '../../config/index.ts';
import type { PreflightClients } from './check.ts';

/** With the credentials of this machine, in the stage's region. */
export function preflightClients({ region }: Stage): PreflightClients {
  const options = { region };
  return {
    cloudFormation: new CloudFormationClient(options),
    ec2: new EC2Client(options),
    iam: new IAMClient(options),
    lambda: new LambdaClient(options),
    rds: new RDSClient(options),
    serviceQuotas: new ServiceQuotasClient(options),
    ses: new SESv2Client(options),
    sms: new PinpointSMSVoiceV2Client(options),
    sts: new STSClient(options),
    ssmIn: (other) => new SSMClient({ region: other }),
    machineRegion: () => new STSClient().config.region().catch(() => undefined),
  };
}
