import {
  ConflictException,
  PinpointSMSVoiceV2Client,
  SendTextMessageCommand,
  ValidationException,
} from '@aws-sdk/client-pinpoint-sms-voice-v2';
import {
  type Message,
  MessageRefused,
  type MessageSender,
  RecipientRefused,
  SenderRefused,
} from '../sender.ts';
import { measureSms } from '../sms-encoding.ts';
import { awsRefusal } from './aws-refusal.ts';

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
/** Of the reasons for a conflict: this number in particular. */
const recipientReasons = new Set([
  'DESTINATION_PHONE_NUMBER_OPTED_OUT',
  'DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE',
]);
/** Reasons that lie in what we are set up with, whichever message it is. Those that are not here lie in the message. */
const accountReasons = new Set([
  'CHANNEL_NOT_ENABLED',
  'INVALID_ARN',
  'RESOURCE_NOT_ACCESSIBLE',
  'RESOURCE_NOT_ACTIVE',
  'SENDER_ID_NOT_REGISTERED',
]);
/** Fields that hold what we are set up with. */
const accountFields = new Set(['OriginationIdentity', 'ConfigurationSetName', 'MaxPrice']);

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

/** By the reasons of `SendTextMessage` (API reference of End User Messaging SMS, version 2022-03-31). */
function translate(error: unknown): unknown {
  if (!(error instanceof ValidationException || error instanceof ConflictException)) return awsRefusal(error);
  const reason = error.Reason ?? 'no reason';
  const fields = (error instanceof ValidationException && error.Fields) || [];
  if (recipientReasons.has(reason) || fields.some(({ Name }) => Name === 'DestinationPhoneNumber'))
    return new RecipientRefused(`AWS does not take this number: ${reason}.`, { cause: error });
  if (accountReasons.has(reason) || fields.some(({ Name = '' }) => accountFields.has(Name)))
    return new SenderRefused(`AWS refuses: ${reason}.`, { cause: error });
  return new MessageRefused(`AWS does not take the message: ${reason}.`, { cause: error });
}
