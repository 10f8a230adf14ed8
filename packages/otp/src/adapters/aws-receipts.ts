import type { Money } from '@kyong/contracts';

/** What AWS says became of a message. */
export interface AwsReceipt {
  /** The one that was sent with the message. */
  token: string;
  status: 'delivered' | 'undelivered';
  failure?: string;
  cost?: Money;
}

type Json = Record<string, unknown>;

/** Ours have some 200 characters. */
const longestToken = 300;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objectAt = (value: Json, name: string): Json => (isObject(value[name]) ? value[name] : {});

/** Reads an event of End User Messaging SMS or of SES: bare, or in the envelope of Amazon SNS or of EventBridge. */
export function awsReceipt(body: Json): AwsReceipt | undefined {
  const event = eventOf(body);
  const receipt = event && (smsReceipt(event) ?? mailReceipt(event));
  return receipt && receipt.token.length <= longestToken ? receipt : undefined;
}

function eventOf(body: Json): Json | undefined {
  if (isObject(body.detail)) return body.detail;
  if (body.Type !== 'Notification') return body;
  try {
    const message: unknown = JSON.parse(String(body.Message));
    return isObject(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

/** The carrier took it, or the phone did: which of the two a country reports differs. */
const smsDelivered = new Set(['TEXT_DELIVERED', 'TEXT_SUCCESSFUL']);
/** On its way still. */
const smsUnderWay = new Set(['TEXT_QUEUED', 'TEXT_PENDING', 'TEXT_SENT']);

function smsReceipt(event: Json): AwsReceipt | undefined {
  const { eventType, messageStatus, totalMessagePrice, totalCarrierFee, isFinal } = event;
  const token = objectAt(event, 'context').receipt;
  if (typeof token !== 'string' || typeof eventType !== 'string' || !eventType.startsWith('TEXT_'))
    return undefined;
  if (smsUnderWay.has(eventType) || isFinal === false) return undefined;
  const price = Number(totalMessagePrice) + (Number(totalCarrierFee) || 0);
  const cost = Number.isFinite(price) && { cost: { amount: Math.round(price * 1e5) / 1e5, currency: 'USD' } };
  if (smsDelivered.has(eventType)) return { token, status: 'delivered', ...cost };
  return { token, status: 'undelivered', failure: word(messageStatus ?? eventType), ...cost };
}

function mailReceipt(event: Json): AwsReceipt | undefined {
  const tags = objectAt(objectAt(event, 'mail'), 'tags');
  const token = Array.isArray(tags.receipt) ? (tags.receipt[0] as unknown) : undefined;
  if (typeof token !== 'string') return undefined;
  switch (event.eventType) {
    case 'Delivery':
      return { token, status: 'delivered' };
    case 'Bounce': {
      const { bounceType, bounceSubType } = objectAt(event, 'bounce');
      // The server there will be asked again.
      if (bounceType === 'Transient') return undefined;
      return { token, status: 'undelivered', failure: word(`bounce_${String(bounceSubType)}`) };
    }
    case 'Reject':
    case 'Rendering Failure':
      return { token, status: 'undelivered', failure: word(event.eventType) };
    default:
      return undefined;
  }
}

const longestWord = 60;
const word = (text: unknown) => String(text).slice(0, longestWord).toLowerCase().replaceAll(/\W+/g, '_');
