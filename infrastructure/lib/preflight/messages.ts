import { DescribeAccountAttributesCommand } from '@aws-sdk/client-pinpoint-sms-voice-v2';
import { GetAccountCommand } from '@aws-sdk/client-sesv2';
import { type Check, ok } from './check.ts';

/** New accounts send to their own: nobody else gets a code until AWS has let them out, which takes about a day. */
export const messageChecks: readonly Check[] = [
  {
    name: 'e-mail',
    async look({ stage, clients }) {
      const { ProductionAccessEnabled, SendQuota } = await clients.ses.send(new GetAccountCommand({}));
      const daily = SendQuota?.Max24HourSend ?? 0;
      if (ProductionAccessEnabled) return ok(`SES sends up to ${daily} a day`);
      return [
        {
          level: 'warning',
          detail: `SES is in its sandbox in ${stage.region}: only addresses that are verified get codes, ${daily} a day`,
          remedy:
            'Ask for production access (aws sesv2 put-account-details --production-access-enabled …). Until then verify ' +
            'your own address: aws sesv2 create-email-identity --email-identity ADDRESS.',
        },
      ];
    },
  },
  {
    name: 'SMS',
    async look({ stage, clients }) {
      if (!stage.messages.sms.some(({ name }) => name === 'aws')) return ok('not sent by AWS');
      const { AccountAttributes = [] } = await clients.sms.send(new DescribeAccountAttributesCommand({}));
      const tier = AccountAttributes.find(({ Name }) => Name === 'ACCOUNT_TIER')?.Value;
      if (tier !== 'SANDBOX') return ok('AWS sends to every number');
      return [
        {
          level: 'warning',
          detail: `AWS End User Messaging is in its sandbox in ${stage.region}: only numbers that are verified get codes`,
          remedy:
            'Ask for production access (its console, Overview). Until then verify your own number: ' +
            'aws pinpoint-sms-voice-v2 create-verified-destination-number --destination-phone-number NUMBER.',
        },
      ];
    },
  },
];
