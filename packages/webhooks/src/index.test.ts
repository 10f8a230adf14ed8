import { expect, it } from 'vitest';
import { isSignedBy, signedHeaders } from './index.ts';

const secret = `whsec_${Buffer.from('a key of some thirty-two bytes..').toString('base64')}`;
const message = {
  id: 'msg_1',
  sentAt: new Date('2026-01-01T00:00:00.900Z'),
  payload: '{"type":"TenantProvisioned"}',
};

it('signs id, time and payload', () => {
  const headers = signedHeaders(secret, message);
  expect(headers).toMatchObject({ 'webhook-id': 'msg_1', 'webhook-timestamp': '1767225600' });
  const signature = headers['webhook-signature'] ?? '';
  expect(signature).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
  expect(isSignedBy(secret, message, signature)).toBe(true);
});

it.each([
  ['another payload', { payload: '{}' }],
  ['another time', { sentAt: new Date('2026-01-01T00:00:02Z') }],
  ['another id', { id: 'msg_2' }],
])('%s does not carry the signature', (_, change) => {
  const signature = signedHeaders(secret, message)['webhook-signature'] ?? '';
  expect(isSignedBy(secret, { ...message, ...change }, signature)).toBe(false);
});

it('signs as the example of Standard Webhooks does', () => {
  const example = {
    id: 'msg_loFOjxBNrRLzqYUf',
    sentAt: new Date(1_731_705_121_000),
    payload: '{"event_type":"ping","data":{"success":true}}',
  };
  expect(signedHeaders('whsec_plJ3nmyCDGBKInavdOK15jsl', example)['webhook-signature']).toBe(
    'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
  );
});
