import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { Money } from '@kyong/contracts';
import type { MessageSender } from '../sender.ts';
import { awsRefusal } from './aws-refusal.ts';

export interface SesOptions {
  region: string;
  /** The sender: `Kyo <no-reply@kyo.example>`. */
  from: string;
  /** Where the receipts go is said there. */
  configurationSet?: string;
  /** What an e-mail costs; SES itself does not say. */
  pricePerMessage?: Money;
  /** Another address than that of the region, for tests and emulators. */
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/** Of the account whichever message: no right to send, or none from this domain. */
const accountFaults = new Set([
  'AccountSuspendedException',
  'MailFromDomainNotVerifiedException',
  'SendingPausedException',
]);

/** Amazon SES. An address that does not exist is told by a bounce, later. */
export function ses(options: SesOptions): MessageSender {
  const { region, from, configurationSet, pricePerMessage, endpoint, credentials } = options;
  const client = new SESv2Client({
    region,
    // Whoever calls this tries again, here and elsewhere.
    maxAttempts: 1,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && { credentials }),
  });
  const text = (Data: string) => ({ Data, Charset: 'UTF-8' });
  return {
    name: 'ses',
    async send(message, signal) {
      const command = new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: [message.to] },
        Content: {
          Simple: { Subject: text(message.subject ?? ''), Body: { Text: text(message.body) } },
        },
        ...(configurationSet !== undefined && { ConfigurationSetName: configurationSet }),
        ...(message.receiptToken !== undefined && {
          EmailTags: [{ Name: 'receipt', Value: message.receiptToken }],
        }),
      });
      try {
        const { MessageId: messageId } = await client.send(command, { abortSignal: signal });
        return { messageId, cost: pricePerMessage };
      } catch (error) {
        throw awsRefusal(error, accountFaults);
      }
    },
  };
}
