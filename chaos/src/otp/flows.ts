import { setTimeout as sleep } from 'node:timers/promises';
import type { ProblemDocument, SendOtpResponse } from '@kyong/contracts';
import { sendReference } from '@kyong/otp';
import type { Random } from '../random.ts';
import type { HttpService } from './http-service.ts';

/** Half of the people sign in at a gym, so that there is a log. */
const tenantId = 'iron-temple';
const requestTimeoutMilliseconds = 60_000;
/** Longer than a delivery waits for a worker when its own has lost Redis. */
const deliverySeconds = 180;
/** So many errors of a kind that may not be say enough. */
const maxOtherErrors = 50;
/** Longest time a person takes to read a code, and then to try it again. */
const longestPauseMilliseconds = 2_000;

/** What people were told. What they were not told (a 503) may have happened or not. */
export interface Told {
  /** By what the log and the mailbox know it as: every send that was accepted, and whether it is in the gym's log. */
  accepted: Map<string, { atGym: boolean; successes: number }>;
  signedIn: number;
  /** 503 with `Retry-After`. */
  unavailable: number;
  /** Anything else that is no answer of a service in order. */
  otherErrors: string[];
  /** Codes that were not good although nobody can have used them. */
  lost: string[];
  /** Codes that were used by a request whose answer was a 503: they cost their person another code. */
  usedUnanswered: number;
}

interface Answer {
  status: number;
  code: string;
  body: unknown;
  retryAfterMilliseconds: number;
}

function waitAsTold(answers: Answer[]): Promise<void> {
  return sleep(Math.max(...answers.map(({ retryAfterMilliseconds }) => retryAfterMilliseconds)));
}

/** People who sign in over both instances, and try each code at both at once, and again after it was used. */
export class Flows {
  readonly told: Told = {
    accepted: new Map(),
    signedIn: 0,
    unavailable: 0,
    otherErrors: [],
    lost: [],
    usedUnanswered: 0,
  };
  readonly #service: HttpService;
  readonly #random: Random;
  #begun = 0;

  constructor(service: HttpService, random: Random) {
    this.#service = service;
    this.#random = random;
  }

  /** Until so many people are signed in, `clients` of them at a time. */
  async run({ people, clients }: { people: number; clients: number }): Promise<void> {
    const client = async () => {
      while (this.#begun < people) await this.#signIn(this.#begun++);
    };
    await Promise.all(Array.from({ length: clients }, client));
  }

  /** From sending to a session; begins again when a code was used and nobody knows by whom. */
  async #signIn(person: number): Promise<void> {
    for (;;) {
      const { requestId, reference } = await this.#send(person);
      const code = await this.#service.mailbox.codeOf(reference, deliverySeconds).catch(() => undefined);
      // Counted at the end: neither in the mailbox nor among the dead letters.
      if (code === undefined) return;
      await this.#pause();
      if (await this.#verify({ requestId, reference, code })) break;
    }
    this.told.signedIn += 1;
  }

  async #send(person: number): Promise<{ requestId: string; reference: string }> {
    const atGym = person % 2 === 0;
    const to = `person${person}@example.com`;
    for (;;) {
      const instance = this.#random() < 0.5 ? 0 : 1;
      const answer = await this.#post(instance, '/api/otp/send', {
        ...{ channel: 'email', to, locale: 'en' },
        ...(atGym && { tenantId }),
      });
      if (answer.status === 202) {
        const { requestId } = answer.body as SendOtpResponse;
        const reference = sendReference(requestId);
        this.told.accepted.set(reference, { atGym, successes: 0 });
        return { requestId, reference };
      }
      // The one before was sent after all, though its answer was a 503.
      if (answer.code !== 'otp_resend_too_soon') this.#countError(answer);
      await sleep(answer.retryAfterMilliseconds);
    }
  }

  async #verify(sent: { requestId: string; reference: string; code: string }): Promise<boolean> {
    const { requestId, reference, code } = sent;
    let unanswered = false;
    for (;;) {
      const answers = await this.#verifyAtBoth({ requestId, code });
      const successes = answers.filter(({ status }) => status === 200).length;
      this.#succeed(reference, successes);
      if (successes > 0) {
        await this.#pause();
        await this.#replay({ requestId, reference, code });
        return true;
      }
      const refused = answers.filter(({ code }) => code === 'otp_expired').length;
      unanswered ||= refused < answers.length;
      if (refused > 0) {
        if (unanswered) this.told.usedUnanswered += 1;
        else this.told.lost.push(reference);
        return false;
      }
      await waitAsTold(answers);
    }
  }

  /** Tries a used code again, through a failover if need be: only a definite answer says whether it is used there too. */
  async #replay({ requestId, reference, code }: { requestId: string; reference: string; code: string }) {
    for (;;) {
      const answers = await this.#verifyAtBoth({ requestId, code });
      this.#succeed(reference, answers.filter(({ status }) => status === 200).length);
      if (answers.every(({ status }) => status !== 503)) return;
      await waitAsTold(answers);
    }
  }

  #pause(): Promise<void> {
    return sleep(this.#random() * longestPauseMilliseconds);
  }

  async #verifyAtBoth(body: object): Promise<Answer[]> {
    const answers = await Promise.all(
      this.#service.instances.map((_, instance) => this.#post(instance, '/api/otp/verify', body)),
    );
    for (const answer of answers)
      if (answer.status !== 200 && answer.code !== 'otp_expired') this.#countError(answer);
    return answers;
  }

  #succeed(reference: string, count: number): void {
    const send = this.told.accepted.get(reference);
    if (send) send.successes += count;
  }

  #countError({ status, code, retryAfterMilliseconds }: Answer): void {
    if (status === 503 && code === 'unavailable' && retryAfterMilliseconds > 0) this.told.unavailable += 1;
    else if (this.told.otherErrors.push(`${status} ${code}`) > maxOtherErrors)
      throw new Error(`The service is out of order: ${[...new Set(this.told.otherErrors)].join(', ')}`);
  }

  async #post(instance: number, path: string, body: object): Promise<Answer> {
    try {
      const response = await fetch(`${this.#service.instances[instance]}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(requestTimeoutMilliseconds),
      });
      const answer = (await response.json()) as Partial<ProblemDocument>;
      return {
        status: response.status,
        code: answer.code ?? '',
        body: answer,
        retryAfterMilliseconds: Number(response.headers.get('retry-after')) * 1000,
      };
    } catch (error) {
      return { status: 0, code: String(error), body: undefined, retryAfterMilliseconds: 0 };
    }
  }
}
