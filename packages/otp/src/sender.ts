import type { Channel, Locale, Money } from '@kyong/contracts';

export interface Message {
  /** The same at every attempt and every provider: one that knows it already need not send it again. */
  id: string;
  channel: Channel;
  to: string;
  locale: Locale;
  /** Of an e-mail. */
  subject?: string;
  body: string;
  /** Worthless from then on. */
  expiresAt: Date;
  /** To be given back with what the provider says later; none when nobody would read that. */
  receiptToken?: string;
}

/** What a provider says when it takes a message over. */
export interface Handover {
  messageId?: string | undefined;
  segments?: number | undefined;
  cost?: Money | undefined;
}

/** A provider of messages. */
export interface MessageSender {
  /** In the log. */
  readonly name: string;
  /**
   * Resolves when the message was taken over; gives up soon after `signal` aborts. No error names the code.
   * @throws {RecipientRefused} when nobody can send to this address: it is neither tried again nor elsewhere.
   * @throws {MessageRefused} when this provider does not take this message: it is not tried again there, only elsewhere.
   * @throws {SenderRefused} when this provider will not, however often it is asked: another one is.
   * Any other error is tried again, there and elsewhere. Of a provider's own trouble speak the last two alone.
   */
  send(message: Message, signal: AbortSignal): Promise<Handover>;
}

export class RecipientRefused extends Error {
  override name = 'RecipientRefused';
}

/**
 * Its words, its length, its price or where it goes: what a gym or a stranger has chosen, so that it says nothing about what
 * the provider does with the messages of others.
 */
export class MessageRefused extends Error {
  override name = 'MessageRefused';
}

/** Its credentials, its balance or its settings are not in order: something for an operator. */
export class SenderRefused extends Error {
  override name = 'SenderRefused';
}
