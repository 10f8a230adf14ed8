import type { OtpKeys } from './keys.ts';
import { type Message, renderMessage } from './message.ts';
import { type Delivery, deliveryContext } from './otp.ts';

export interface MessageSender {
  /** Resolves when the message was taken over; gives up soon after `signal` aborts. A rejection, which names no code, is tried again. */
  send(message: Message, signal: AbortSignal): Promise<void>;
}

export interface DeliveryOptions {
  keys: OtpKeys;
  sender: MessageSender;
  /** The name that stands in the message. */
  app: string;
  now: () => Date;
  pause: (milliseconds: number) => Promise<unknown>;
  /** A try that failed. */
  onError: (error: unknown) => void;
}

/** How a delivery ended. Whatever is not `sent` is kept where an operator sees it. */
export type DeliveryOutcome = 'sent' | 'expired' | 'unreadable' | 'failed';

const sendTimeoutMilliseconds = 3_000;
/** A person is waiting: what does not work within seconds is too late, they ask for another code. */
const retryMilliseconds = [250, 1_000, 3_000];

/** The longest a delivery takes, retries included. One that takes longer has lost its worker. */
export const longestDeliveryMilliseconds =
  (retryMilliseconds.length + 1) * sendTimeoutMilliseconds + retryMilliseconds.reduce((sum, n) => sum + n);

/**
 * Sends one queued code. At least once: a worker that dies between sending and acknowledging leaves the job to another,
 * which sends it again, the same code in the same words.
 */
export async function deliver(options: DeliveryOptions, sealed: string): Promise<DeliveryOutcome> {
  const opened = options.keys.open(deliveryContext, sealed);
  if (opened === undefined) return 'unreadable';
  const delivery = JSON.parse(opened) as Delivery;
  const message = renderMessage(delivery, options.app);
  const expiresAt = Date.parse(delivery.expiresAt);

  for (const wait of [...retryMilliseconds, undefined]) {
    if (options.now().getTime() >= expiresAt) return 'expired';
    try {
      await options.sender.send(message, AbortSignal.timeout(sendTimeoutMilliseconds));
      return 'sent';
    } catch (error) {
      options.onError(error);
      if (wait !== undefined) await options.pause(wait);
    }
  }
  return 'failed';
}
