import { type KeyObject, verify, X509Certificate } from 'node:crypto';
import type { SnsSubscription } from '@kyong/contracts';

/** Regions have names of 14 characters at most so far. */
const snsHost = /^sns\.([a-z\d-]{1,30})\.amazonaws\.com$/;
const certificatePath = /^\/SimpleNotificationService-[\da-f]{32}\.pem$/;
const timeoutMilliseconds = 3_000;
/** They have some 2,000. */
const longestCertificate = 16 * 1024;
/** AWS has one a region, and another one while it changes it. */
const maxCertificates = 4;
/** Where they are is written by whoever calls: a stranger makes us ask AWS no more often than that. */
const mostFetches = { count: 10, milliseconds: 60_000 };

/** Certificates cannot be had just now; whoever called calls again. */
export class SigningKeyUnavailable extends Error {
  override name = 'SigningKeyUnavailable';
}

/**
 * Confirms the subscription of one topic of ours, and of no other. Whoever asks is Amazon SNS by its signature (developer guide,
 * "Verifying the signatures of Amazon SNS messages", version 2: RSA with SHA-256), looked at before we go anywhere but to
 * Amazon's own host for the certificate. By node:crypto and not by a library: `sns-validator` knows no topic, and fetches
 * what it is told without a bound of time, size or redirects.
 */
export class SnsSubscriptions {
  readonly #topicArn: string;
  readonly #now: () => Date;
  readonly #fetch: typeof fetch;
  readonly #keys = new Map<string, { key: KeyObject; expiresAt: number }>();
  #fetches: number[] = [];

  constructor(options: { topicArn: string; now: () => Date; fetch?: typeof fetch }) {
    this.#topicArn = options.topicArn;
    this.#now = options.now;
    this.#fetch = options.fetch ?? fetch;
  }

  /**
   * @returns whether it is Amazon's, and about our topic; then it is confirmed.
   * @throws {SigningKeyUnavailable} or what `fetch` throws: Amazon calls again.
   */
  async confirm(message: SnsSubscription): Promise<boolean> {
    const region = message.TopicArn.split(':')[3];
    const [certificate, subscribe] = [new URL(message.SigningCertURL), new URL(message.SubscribeURL)];
    if (message.TopicArn !== this.#topicArn) return false;
    if ([certificate, subscribe].some((url) => regionOf(url) !== region)) return false;
    if (!certificatePath.test(certificate.pathname) || certificate.search !== '') return false;
    const key = await this.#keyAt(certificate.href);
    const signed = Buffer.from(canonical(message));
    if (!verify('sha256', signed, key, Buffer.from(message.Signature, 'base64'))) return false;
    const response = await this.#get(subscribe.href);
    await response.body?.cancel();
    return true;
  }

  async #keyAt(url: string): Promise<KeyObject> {
    const now = this.#now().getTime();
    const known = this.#keys.get(url);
    if (known && known.expiresAt > now) return known.key;
    this.#fetches = this.#fetches.filter((at) => at > now - mostFetches.milliseconds);
    if (this.#fetches.length >= mostFetches.count)
      throw new SigningKeyUnavailable('Too many certificates were asked for.');
    this.#fetches.push(now);
    const response = await this.#get(url);
    const certificate = new X509Certificate(await readText(response, longestCertificate));
    const expiresAt = certificate.validToDate.getTime();
    if (certificate.validFromDate.getTime() > now || expiresAt <= now)
      throw new SigningKeyUnavailable('The certificate is not valid now.');
    for (const oldest of this.#keys.keys()) if (this.#keys.size >= maxCertificates) this.#keys.delete(oldest);
    this.#keys.set(url, { key: certificate.publicKey, expiresAt });
    return certificate.publicKey;
  }

  async #get(url: string): Promise<Response> {
    const response = await this.#fetch(url, {
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
    if (response.ok) return response;
    await response.body?.cancel();
    throw new SigningKeyUnavailable(`Amazon SNS answers ${response.status}.`);
  }
}

function regionOf({ protocol, hostname, port, username }: URL): string | undefined {
  const isPlain = protocol === 'https:' && port === '' && username === '';
  return isPlain ? snsHost.exec(hostname)?.[1] : undefined;
}

/** What is signed: names and values in this order, each ending with its line. */
function canonical(message: SnsSubscription): string {
  const names = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const;
  return names.map((name) => `${name}\n${message[name]}\n`).join('');
}

async function readText(response: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop ends the stream.
    if (length > most) throw new SigningKeyUnavailable(`A certificate has ${most} bytes at most.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}
