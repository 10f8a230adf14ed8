import {
  ConflictException,
  PinpointSMSVoiceV2Client,
  SendTextMessageCommand,
  ValidationException,
} from '@aws-sdk/client-pinpoint-sms-voice-v2';
import { type Message, type MessageSender, RecipientRefused, SenderRefused } from '../sender.ts';
import { measureSms } from '../sms-encoding.ts';

export interface AwsSmsOptions {
  region: string;
  /** Phone number, sender id, pool or their ARN that messages come from. */
  origination: string;
  /** Most that one message may cost, in USD, over all of its segments. A dearer one is not sent. */
  maxPriceUsd: string;
  /** Where the receipts go is said there. */
  configurationSet?: string;
  /** Another address than that of the region, for tests and emulators. */
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/** The service takes times to live from 5 seconds to 3 days. */
const shortestLifeSeconds = 5;
/** Of the same account whichever message: no credentials, no right, the month's spending limit reached, a setting wrong. */
const refusals = new Set([
  'AccessDeniedException',
  'ResourceNotFoundException',
  'ServiceQuotaExceededException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'CredentialsProviderError',
]);

/**
 * AWS End User Messaging SMS, and not Amazon SNS, which sends through it: only here has a message a time to live, a highest
 * price and a context that comes back with its receipt.
 */
export function awsSms(options: AwsSmsOptions): MessageSender {
  const { region, endpoint, credentials } = options;
  const client = new PinpointSMSVoiceV2Client({
    region,
    // Whoever calls this tries again, here and elsewhere.
    maxAttempts: 1,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && { credentials }),
  });
  return {
    name: 'aws-sms',
    async send(message, signal) {
      const { MessageId: messageId } = await client
        .send(new SendTextMessageCommand(inputOf(message, options)), { abortSignal: signal })
        .catch((error: unknown) => {
          throw translate(error);
        });
      return { messageId, segments: measureSms(message.body).segments };
    },
  };
}

function inputOf(message: Message, { origination, maxPriceUsd, configurationSet }: AwsSmsOptions) {
  const lifeSeconds = Math.floor((message.expiresAt.getTime() - Date.now()) / 1000);
  return {
    DestinationPhoneNumber: message.to,
    OriginationIdentity: origination,
    MessageBody: message.body,
    MessageType: 'TRANSACTIONAL' as const,
    MaxPrice: maxPriceUsd,
    TimeToLive: Math.max(shortestLifeSeconds, lifeSeconds),
    ...(configurationSet !== undefined && { ConfigurationSetName: configurationSet }),
    ...(message.receiptToken !== undefined && { Context: { receipt: message.receiptToken } }),
  };
}

function translate(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof ValidationException) {
    const aboutNumber = error.Fields?.some(({ Name }) => Name === 'DestinationPhoneNumber');
    return aboutNumber
      ? new RecipientRefused('AWS does not take this number.', { cause: error })
      : new SenderRefused(`AWS refuses the message: ${error.Reason}.`, { cause: error });
  }
  if (error instanceof ConflictException) {
    return error.Reason === 'DESTINATION_PHONE_NUMBER_OPTED_OUT'
      ? new RecipientRefused('This number wants no messages.', { cause: error })
      : new SenderRefused(`AWS refuses the message: ${error.Reason}.`, { cause: error });
  }
  return refusals.has(error.name)
    ? new SenderRefused(`AWS refuses: ${error.name}.`, { cause: error })
    : error;
}
