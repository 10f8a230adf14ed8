import type { Channel } from '@kyong/contracts';
import type { OtpKeys } from './keys.ts';
import { logContext, type SendReport } from './log.ts';
import { renderMessage, sendableWording } from './message.ts';
import { type Delivery, deliveryContext } from './otp.ts';
import { createReceiptToken } from './receipt.ts';
import {
  type Handover,
  type Message,
  MessageRefused,
  type MessageSender,
  RecipientRefused,
  SenderRefused,
} from './sender.ts';
import type { GymWording, Platform, TemplateReader } from './template.ts';

export interface DeliveryOptions {
  keys: OtpKeys;
  /** Each channel's providers, the preferred one first. */
  senders: Record<Channel, MessageSender[]>;
  /** Stands in every message. */
  platform: Platform;
  /** Answers soon, whatever happens. */
  templates?: TemplateReader;
  now: () => Date;
  pause: (milliseconds: number) => Promise<unknown>;
  /** A try that failed. */
  onError: (error: unknown) => void;
}

/** How a delivery ended. Whatever is not `sent` is kept where an operator sees it. */
export type DeliveryOutcome = 'sent' | 'expired' | 'unreadable' | 'failed';

export interface DeliveryResult {
  outcome: DeliveryOutcome;
  /** For the tenant's log, sealed. */
  report?: string;
  /** An SMS of a tenant that was sent, for its budget. */
  sms?: { tenantId: string; to: string; segments: number };
}

const sendTimeoutMilliseconds = 3_000;
/** A person is waiting: what does not work within seconds is too late, they ask for another code. */
const retryMilliseconds = [250, 1_000, 3_000];
/** No try begins later than this after the first. */
const patienceMilliseconds = 12_000;
const templateMilliseconds = 1_000;

/** The longest a delivery takes, retries included. One that takes longer has lost its worker. */
export const longestDeliveryMilliseconds =
  templateMilliseconds + patienceMilliseconds + sendTimeoutMilliseconds;

/**
 * Sends one queued code: through the first provider that takes it, each asked in turn, in a few rounds. At least once: a
 * worker that dies between sending and acknowledging leaves the job to another, which sends it again, the same code in the
 * same words. `tell` hears of one that is not sent at once.
 */
export async function deliver(
  options: DeliveryOptions,
  sealed: string,
  tell: (report: string) => Promise<void> = async () => {},
): Promise<DeliveryResult> {
  const opened = options.keys.open(deliveryContext, sealed);
  if (opened === undefined) return { outcome: 'unreadable' };
  const delivery = JSON.parse(opened) as Delivery;
  const { logEntry } = delivery;
  const gym = await wordingOf(options, delivery);
  const message: Message = {
    ...renderMessage(delivery, options.platform, gym),
    ...(logEntry && { receiptToken: createReceiptToken(options.keys, logEntry) }),
  };

  const sealReport = (report: Omit<SendReport, 'kind' | 'entry' | 'at' | 'template'>): string | undefined => {
    if (!logEntry) return undefined;
    const at = options.now().toISOString();
    const full: SendReport = { kind: 'send', entry: logEntry, at, template: gym?.template, ...report };
    return options.keys.seal(logContext, JSON.stringify(full));
  };
  const result = await tryAll(options, message, async (attempts) => {
    const report = sealReport({ status: 'queued', attempts });
    if (report !== undefined) await tell(report).catch(options.onError);
  });
  const { outcome, attempts, provider, handover, failure } = result;
  const report = sealReport({
    status: outcome,
    attempts,
    provider,
    failure,
    providerMessageId: handover?.messageId,
    segments: handover?.segments,
    cost: handover?.cost,
  });
  const { segments } = handover ?? {};
  return {
    outcome,
    ...(report !== undefined && { report }),
    ...(logEntry &&
      segments !== undefined && { sms: { tenantId: logEntry.tenantId, to: delivery.to, segments } }),
  };
}

interface Tries {
  outcome: 'sent' | 'expired' | 'failed';
  attempts: number;
  provider?: string;
  handover?: Handover;
  failure?: 'recipient_refused' | 'message_refused' | 'providers_unavailable';
}

async function tryAll(
  options: DeliveryOptions,
  message: Message,
  onFirstRoundLost: (attempts: number) => Promise<void>,
): Promise<Tries> {
  const { now, pause, onError } = options;
  const startedAt = now().getTime();
  let senders = options.senders[message.channel];
  let attempts = 0;
  let messageRefused = false;
  for (const [round, wait] of [...retryMilliseconds, undefined].entries()) {
    for (const sender of senders) {
      if (now() >= message.expiresAt) return { outcome: 'expired', attempts };
      if (now().getTime() - startedAt > patienceMilliseconds) break;
      attempts += 1;
      try {
        const handover = await sender.send(message, AbortSignal.timeout(sendTimeoutMilliseconds));
        return { outcome: 'sent', attempts, provider: sender.name, handover };
      } catch (error) {
        onError(error);
        if (error instanceof RecipientRefused)
          return { outcome: 'failed', attempts, provider: sender.name, failure: 'recipient_refused' };
        messageRefused ||= error instanceof MessageRefused;
        if (error instanceof MessageRefused || error instanceof SenderRefused)
          senders = senders.filter((other) => other !== sender);
      }
    }
    if (senders.length === 0 || wait === undefined) break;
    if (round === 0) await onFirstRoundLost(attempts);
    await pause(wait);
  }
  return {
    outcome: 'failed',
    attempts,
    failure: messageRefused && senders.length === 0 ? 'message_refused' : 'providers_unavailable',
  };
}

/** A code does not wait for a gym's words, and is sent without them. */
async function wordingOf(
  { templates, platform, onError }: DeliveryOptions,
  delivery: Delivery,
): Promise<GymWording | undefined> {
  const { logEntry, channel, locale } = delivery;
  if (!logEntry || !templates) return undefined;
  const { tenantId, purpose } = logEntry;
  try {
    const gym = await templates.find(tenantId, { channel, locale, purpose });
    return gym && sendableWording(gym, delivery, { tenantId, platform });
  } catch (error) {
    onError(error);
    return undefined;
  }
}
