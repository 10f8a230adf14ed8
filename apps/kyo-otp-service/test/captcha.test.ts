import { randomUUID } from 'node:crypto';
import type { Captcha } from '@kyong/otp';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { createService, post, problemOf } from './harness.ts';

async function createGuarded(captcha: Captcha) {
  const service = await createService();
  const app = createApp({ ...service.dependencies, captcha });
  onTestFinished(() => app.close());
  let numbers = 0;
  const send = (captchaToken?: string) => {
    const to = `+88691234${String(numbers++).padStart(4, '0')}`;
    return post(app, '/api/otp/send', { channel: 'sms', to, captchaToken });
  };
  return { ...service, app, send };
}

test('with a captcha an SMS needs proof of a person, and e-mail does not', async () => {
  const asked: [string, string | undefined][] = [];
  const { app, send } = await createGuarded({
    async verify(token, address) {
      asked.push([token, address]);
      return token === 'good';
    },
  });
  expect((await send('good')).statusCode).toBe(202);
  expect(problemOf(await send('bad'))).toEqual([422, 'otp_captcha_required']);
  expect(problemOf(await send())).toEqual([422, 'otp_captcha_required']);
  expect(asked).toEqual([
    ['good', '127.0.0.1'],
    ['bad', '127.0.0.1'],
  ]);
  const email = await post(app, '/api/otp/send', { channel: 'email', to: `${randomUUID()}@example.com` });
  expect(email.statusCode).toBe(202);
});

test('while the captcha service is away people still get in, and an operator hears of it', async () => {
  const { send, log } = await createGuarded({
    verify: () => Promise.reject(new Error('no answer')),
  });
  expect((await send('any')).statusCode).toBe(202);
  expect(problemOf(await send())).toEqual([422, 'otp_captcha_required']);
  expect(log.some((line) => line.includes('captcha_unavailable'))).toBe(true);
});
