import { eventually } from '@kyong/testing';
import { PlatformProcess } from '@kyong/testing/platform-process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: PlatformProcess;

beforeAll(async () => {
  platform = await PlatformProcess.start();
});
afterAll(() => platform.discard());

/** The newest message to a number that is other than `last`. */
async function nextMessage(to: string, last?: string): Promise<string> {
  return eventually(async () => {
    const { body } = await platform.request('GET', `/dev/outbox?to=${encodeURIComponent(to)}`);
    const [newest] = body as { body: string }[];
    if (!newest || newest.body === last) throw new Error('nothing has arrived yet');
    return newest.body;
  });
}

const codeIn = (message: string) => /\b\d{6}\b/.exec(message)?.[0];

describe.each([
  ['shared', 'free', '+886912000031', '+886912000032'],
  ['dedicated', 'basic', '+886912000033', '+886912000034'],
])('a %s gym', (placement, plan, ownerPhone, guestPhone) => {
  it('sends codes in its own words and sees what became of them', async () => {
    const tenantId = `iron-${placement}`;
    const gym = { tenantId, plan, name: 'Iron Temple' };
    const { accessToken: token } = await platform.openGym(ownerPhone, gym);
    const created = await platform.request('POST', '/api/otp/templates', {
      token,
      body: {
        ...{ name: 'Short', channel: 'sms', bodies: { 'zh-TW': '{app}：{code}' } },
        webOtpDomain: `${tenantId}.localhost`,
      },
    });
    expect(created.status).toBe(201);

    const sent = await platform.request('POST', '/api/otp/send', {
      body: { channel: 'sms', to: guestPhone, tenantId },
    });
    expect(sent.status).toBe(202);
    const message = await nextMessage(guestPhone);
    expect(message).toMatch(/^Iron Temple：(\d{6})\nKyo：.* localhost .*\n@iron-\w+\.localhost #\1$/);
    const verified = await platform.request('POST', '/api/otp/verify', {
      body: { requestId: sent.body.requestId, code: codeIn(message) },
    });
    expect(verified.status).toBe(200);

    await eventually(async () => {
      const log = await platform.request('GET', '/api/otp/log', { token });
      expect(log.body.entries).toMatchObject([{ status: 'verified', template: 'Short', provider: 'outbox' }]);
    });
    const summary = await platform.request('GET', '/api/otp/log/summary', { token });
    expect(summary.body).toMatchObject({ total: 1, conversion: 1 });
    expect((await platform.request('GET', '/api/otp/log', { token: verified.body.accessToken })).status).toBe(
      403,
    );

    const { templateId } = created.body;
    const deleted = await platform.request('DELETE', `/api/otp/templates/${templateId}`, { token });
    expect(deleted.status).toBe(204);
  });
});
