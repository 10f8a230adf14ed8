import type { Captcha } from '../brake/ports.ts';

export interface TurnstileOptions {
  secret: string;
  /** Turnstile's own, or that of a service that answers in the same form (hCaptcha, reCAPTCHA). */
  url?: string;
}

const defaultUrl = 'https://challenges.cloudflare.com/turnstile/v0/siteverify';
const timeoutMilliseconds = 2_000;
/**
 * That our own account is wrong, or theirs in trouble, says nothing about the visitor. `bad-request` does: a token that somebody
 * made up may provoke it, and a captcha that opens for a broken token is none.
 */
const ourFaults = new Set(['missing-input-secret', 'invalid-input-secret', 'internal-error']);

/** Cloudflare Turnstile, by its `siteverify` (https://developers.cloudflare.com/turnstile/get-started/server-side-validation/). */
export function turnstile({ secret, url = defaultUrl }: TurnstileOptions): Captcha {
  return {
    async verify(token, clientAddress) {
      const form = new URLSearchParams({ secret, response: token });
      if (clientAddress !== undefined) form.set('remoteip', clientAddress);
      const response = await fetch(url, {
        method: 'POST',
        body: form,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMilliseconds),
      });
      const { status } = response;
      if (status >= 500 || status === 429) throw new Error(`The captcha service answered ${status}.`);
      const answer = (await response.json().catch(() => ({}))) as {
        success?: unknown;
        'error-codes'?: unknown;
      };
      const errors = Array.isArray(answer['error-codes']) ? answer['error-codes'] : [];
      const fault = errors.find((code) => ourFaults.has(String(code)));
      if (fault !== undefined) throw new Error(`The captcha service refused our request: ${fault}.`);
      return answer.success === true;
    },
  };
}
