import { expect, test } from 'vitest';
import { awsReceipt } from './aws-receipts.ts';

/** As the user guide of End User Messaging SMS shows it, with the context of ours. */
const sms = {
  eventType: 'TEXT_DELIVERED',
  eventVersion: '1.0',
  eventTimestamp: 1686975103470,
  isFinal: true,
  originationPhoneNumber: '+12065550152',
  destinationPhoneNumber: '+14255550156',
  isoCountryCode: 'US',
  messageId: '862a8790-60c0-4430-9b2b-658bdexample',
  messageRequestTimestamp: 1686975103170,
  messageEncoding: 'GSM',
  messageType: 'TRANSACTIONAL',
  messageStatus: 'DELIVERED',
  messageStatusDescription: 'Message has been accepted by phone',
  context: { receipt: 'the-token' },
  totalMessageParts: 1,
  totalMessagePrice: 0.09582,
  totalCarrierFee: 0.003,
};
const mail = (event: object) => ({ ...event, mail: { messageId: '1', tags: { receipt: ['the-token'] } } });
const cost = { amount: 0.09882, currency: 'USD' };

test.each([
  ['bare', sms],
  ['from Amazon SNS', { Type: 'Notification', MessageId: '1', Message: JSON.stringify(sms) }],
  [
    'from EventBridge',
    { 'detail-type': 'Text Message Delivery Status Updated', source: 'aws.sms-voice', detail: sms },
  ],
])('an SMS event %s', (_, body) => {
  expect(awsReceipt(body)).toEqual({ token: 'the-token', status: 'delivered', cost });
});

test.each([
  ['a carrier that took it', { ...sms, eventType: 'TEXT_SUCCESSFUL' }, { status: 'delivered', cost }],
  [
    'a number that is blocked',
    { ...sms, eventType: 'TEXT_BLOCKED', messageStatus: 'BLOCKED' },
    { status: 'undelivered', failure: 'blocked', cost },
  ],
  ['an e-mail that arrived', mail({ eventType: 'Delivery', delivery: {} }), { status: 'delivered' }],
  [
    'an e-mail that came back',
    mail({ eventType: 'Bounce', bounce: { bounceType: 'Permanent', bounceSubType: 'NoEmail' } }),
    { status: 'undelivered', failure: 'bounce_noemail' },
  ],
])('%s', (_, body, expected) => {
  expect(awsReceipt(body)).toEqual({ token: 'the-token', ...expected });
});

test.each([
  ['an SMS under way', { ...sms, eventType: 'TEXT_QUEUED', isFinal: false }],
  ['an SMS with a token that is none of ours', { ...sms, context: { receipt: 'a'.repeat(301) } }],
  ['an SMS without a token', { ...sms, context: {} }],
  [
    'a mail server that will be asked again',
    mail({ eventType: 'Bounce', bounce: { bounceType: 'Transient' } }),
  ],
  ['an e-mail that was opened', mail({ eventType: 'Open' })],
  ['a notification that holds no JSON', { Type: 'Notification', Message: 'hello' }],
  ['something else', { mail: 1, context: [], detail: null }],
])('%s is no receipt', (_, body) => {
  expect(awsReceipt(body)).toBeUndefined();
});
