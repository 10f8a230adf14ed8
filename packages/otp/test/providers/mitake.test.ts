import { startHttpServer } from '@kyong/testing';
import { expect, test } from 'vitest';
import { mitake, mitakeReceipt } from '../../src/adapters/mitake.ts';
import { MessageRefused, RecipientRefused, SenderRefused } from '../../src/index.ts';
import { message, never } from './message.ts';

/** Answers as `SmSend` does: a section a message, then what is left on the account. */
async function create(reply: string, status = 200) {
  const server = await startHttpServer(() => ({ status, body: reply }));
  const sender = mitake({
    baseUrl: new URL('api/mtk/', server.url).toString(),
    username: '0912000000',
    password: 'p&ss=word',
    pricePerPoint: { amount: 0.9, currency: 'TWD' },
    receiptUrl: (token) => `https://kyo.example/api/otp/receipts/mitake/${token}`,
  });
  return { server, send: (changes = {}) => sender.send({ ...message, ...changes }, never) };
}

const taken = '[1]\r\nmsgid=#000000013\r\nstatuscode=1\r\nsmsPoint=2\r\nAccountPoint=126\r\n';

test('a message becomes a form, and its answer a message id and a price', async () => {
  const { server, send } = await create(taken);
  expect(await send()).toEqual({
    messageId: '#000000013',
    segments: 1,
    cost: { amount: 1.8, currency: 'TWD' },
  });
  const [request] = server.requests;
  expect([request?.method, request?.url]).toEqual(['POST', '/api/mtk/SmSend?CharsetURL=UTF8']);
  expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
    username: '0912000000',
    password: 'p&ss=word',
    dstaddr: '0912345678',
    smbody: 'Iron Temple 驗證碼 012345。\u0006@gym.example #012345',
    clientid: message.id,
    vldtime: expect.stringMatching(/^20\d{12}$/),
    smsPointFlag: '1',
    response: 'https://kyo.example/api/otp/receipts/mitake/the-token',
  });
});

test('a message it knows already is not sent again, and counts as taken', async () => {
  const { send } = await create(`${taken}Duplicate=Y\r\n`);
  expect(await send()).toMatchObject({ messageId: '#000000013' });
});

test('it is valid until the code expires, in the time of Taipei', async () => {
  const { server, send } = await create(taken);
  await send({ expiresAt: new Date('2026-01-01T20:05:09Z') });
  expect(new URLSearchParams(server.requests[0]?.body).get('vldtime')).toBe('20260102040509');
});

test.each([
  ['an invalid number', '[1]\r\nstatuscode=v\r\nError=無效的手機號碼\r\n', RecipientRefused],
  ['a number without SMS', '[1]\r\nmsgid=1\r\nstatuscode=7\r\n', RecipientRefused],
  ['a wrong content', '[1]\r\nmsgid=1\r\nstatuscode=5\r\n', MessageRefused],
  ['a wrong parameter', '[1]\r\nstatuscode=y\r\n', MessageRefused],
  ['a message that is too large', '[1]\r\nstatuscode=x\r\n', MessageRefused],
  ['wrong credentials', '[1]\r\nstatuscode=e\r\nError=帳號、密碼錯誤\r\n', SenderRefused],
  ['no points left', '[1]\r\nstatuscode=s\r\nError=帳務處理失敗\r\n', SenderRefused],
  ['an address that is not allowed', '[1]\r\nstatuscode=k\r\n', SenderRefused],
  ['a page instead of an answer', '<html>maintenance</html>', SenderRefused],
])('%s', async (_, reply, kind) => {
  const { send } = await create(reply);
  await expect(send()).rejects.toThrow(kind);
});

test.each([
  ['a suspended service', '[1]\r\nstatuscode=r\r\n', 200],
  ['too many connections', '[1]\r\nstatuscode=l\r\n', 200],
  ['a gateway in trouble', 'Bad Gateway', 502],
])('%s is tried again', async (_, reply, status) => {
  const { send } = await create(reply, status);
  const error = await send().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toBeInstanceOf(SenderRefused);
  expect(error).not.toBeInstanceOf(RecipientRefused);
  expect(String(error)).not.toContain('012345');
});

test.each([
  [{ statuscode: '0', statusstr: 'DELIVRD' }, { status: 'delivered' }],
  [{ statuscode: '4' }, { status: 'delivered' }],
  [
    { statuscode: '0', statusstr: 'EXPIRED' },
    { status: 'undelivered', failure: 'expired' },
  ],
  [{ statuscode: '8' }, { status: 'undelivered', failure: 'expired' }],
  [{ statuscode: '6' }, { status: 'undelivered', failure: 'number' }],
  [{ statuscode: '1' }, undefined],
  [{ statuscode: '0', statusstr: 'ACCEPTD' }, undefined],
])('the receipt %j', (receipt, expected) => {
  expect(mitakeReceipt(receipt)).toEqual(expected);
});
