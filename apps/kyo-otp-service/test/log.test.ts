import type { OtpLogEntry, OtpLogPage, OtpLogSummary } from '@kyong/contracts';
import { RecipientRefused, sendReference } from '@kyong/otp';
import { eventually } from '@kyong/testing';
import { expect, test } from 'vitest';
import { sweepLogs } from '../src/log-retention.ts';
import { createGymService } from './gym.ts';
import { post, problemOf } from './harness.ts';

const to = '+886912345678';
const sender = (name: string, send = async () => ({})) => ({ name, send });

test('a send is in the log, and its use; the address and the code are not', async () => {
  const { send, messageTo, logOf, startWorker, app, gym, request } = await createGymService({ queue: true });
  startWorker();
  const requestId = await send(to, { locale: 'en' });
  const code = /\d{6}/.exec((await messageTo(to)).body)?.[0];
  const sent = await logOf('status=sent', 1);
  expect(sent.entries[0]).toMatchObject({
    ...{ reference: sendReference(requestId), status: 'sent', channel: 'sms', purpose: 'login' },
    ...{ recipient: '+886912***678', provider: 'outbox', attempts: 1, template: null, cost: null },
    ...{ failure: null, verifiedAt: null, sentAt: expect.any(String) },
  });

  expect((await post(app, '/api/otp/verify', { requestId, code })).statusCode).toBe(200);
  const verified = await logOf('status=verified', 1);
  expect(verified.entries[0]).toMatchObject({ attempts: 1, verifiedAt: expect.any(String) });

  const { rows } = await gym.query<{ row: string }>('SELECT otp_log::text AS row FROM otp_log');
  for (const secret of [to.slice(1), code ?? '', requestId]) expect(rows[0]?.row).not.toContain(secret);
  const { byStatus, conversion } = (await request('GET', '/api/otp/log/summary')).json<OtpLogSummary>();
  expect([byStatus.verified, conversion]).toEqual([1, 1]);
});

test('a whole address, a requestId, a reference and a part of a masked address find a send; others do not', async () => {
  const { request, send, logOf, startWorker } = await createGymService({ queue: true });
  startWorker(sender('a', async () => ({ messageId: 'm-1' })));
  const requestId = await send(to);
  await logOf('', 1);
  const partly = [requestId, sendReference(requestId), '678', 'm-1'];
  const found = [to, to.slice(1), ...partly];
  for (const q of partly) await logOf(`q=${encodeURIComponent(q)}`, 1);
  const search = async (body: object) =>
    (await request('POST', '/api/otp/log/search', body)).json<OtpLogPage>().entries?.length;
  for (const q of found) expect([q, await search({ q })]).toEqual([q, 1]);
  expect(await search({ q: to, status: 'expired' })).toBe(0);
  expect(await search({ q: '+886912345679' })).toBe(0);
  expect(problemOf(await request('POST', '/api/otp/log/search', { cursor: 'x' }))).toEqual([
    400,
    'malformed_request',
  ]);
  for (const q of ['345', requestId.replace(/.$/, '_'), '%', 'm-'])
    await logOf(`q=${encodeURIComponent(q)}`, 0);
});

test('no URL takes a whole address, and the refusal says what does', async () => {
  const { request } = await createGymService();
  for (const q of [to, '0912 345 678', 'ann@example.com']) {
    const response = await request('GET', `/api/otp/log?q=${encodeURIComponent(q)}`);
    expect([q, ...problemOf(response)]).toEqual([q, 400, 'malformed_request']);
    expect(response.body).toContain('POST /api/otp/log/search');
    expect(response.body).not.toContain(q);
  }
});

test('what is not sent says so', async () => {
  const { send, logOf, startWorker } = await createGymService({ queue: true });
  startWorker(sender('a', () => Promise.reject(new RecipientRefused('no such number'))));
  await send(to);
  const { entries } = await logOf('status=failed', 1);
  expect(entries[0]).toMatchObject({ provider: 'a', failure: 'recipient_refused', sentAt: null });
});

test('a gym that was away gets its lines when it is back; nobody waits for it, and none is written twice', async () => {
  const { send, startWorker, gyms, gym, messageTo, logOf, log } = await createGymService({ queue: true });
  const connection = gyms.get('iron-temple');
  if (!connection) throw new Error('no gym');
  gyms.set('iron-temple', { ...connection, port: 1 });
  startWorker();
  await send(to);
  await messageTo(to);
  await eventually(() => expect(log.join('')).toContain('log of one-time passwords disturbed'));
  gyms.set('iron-temple', connection);
  await logOf('status=sent', 1);
  const { rows } = await gym.query<{ count: number }>('SELECT count(*)::int FROM otp_log');
  expect(rows[0]?.count).toBe(1);
});

test('a tenant that does not exist has no log, and leaves nothing behind', async () => {
  const { send, startWorker, messageTo, redis } = await createGymService({ queue: true });
  startWorker();
  await send(to, { tenantId: 'nobody' });
  await messageTo(to);
  await eventually(async () => {
    const lengths = await Promise.all(Array.from({ length: 8 }, (_, n) => redis.xlen(`{otp:${n}}:log`)));
    expect(lengths).toEqual(lengths.map(() => 0));
  });
});

/** Entries of a day each, as if they had been sent. */
async function createFilledLog() {
  const service = await createGymService();
  await service.gym.query(`
    INSERT INTO otp_log (reference, status, channel, purpose, recipient, recipient_hash, requested_at, cost, currency)
    SELECT gen_random_uuid(), (ARRAY['sent', 'verified', 'failed', 'delivered'])[n % 4 + 1]::otp_status,
      (ARRAY['sms', 'email'])[n % 2 + 1], 'login', '+886912***' || lpad(n::text, 3, '0'), 'hash',
      '2026-01-01T15:30:00Z'::timestamptz + n * interval '1 hour', 0.9, 'TWD'
    FROM generate_series(0, 9) AS n`);
  return service;
}

test('the log comes page by page, newest first, filtered by time, status and channel', async () => {
  const { request } = await createFilledLog();
  const get = async (query: string) => (await request('GET', `/api/otp/log?${query}`)).json<OtpLogPage>();
  const all: OtpLogEntry[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: OtpLogPage = await get(`limit=3${cursor && `&cursor=${cursor}`}`);
    all.push(...page.entries);
    cursor = page.nextCursor;
  }
  const times = all.map(({ requestedAt }) => requestedAt);
  expect(times).toHaveLength(10);
  expect(times).toEqual([...new Set(times)].sort().reverse());

  expect((await get('status=verified')).entries).toHaveLength(3);
  expect((await get('channel=email')).entries).toHaveLength(5);
  expect((await get('channel=email&status=sent')).entries).toHaveLength(0);
  const hours = 'from=2026-01-01T16:30:00Z&to=2026-01-02T02:30:00%2B08:00';
  expect((await get(hours)).entries.map(({ recipient }) => recipient)).toEqual([
    '+886912***002',
    '+886912***001',
  ]);
});

test('a summary counts by status and by day at the gym, and adds up what it cost', async () => {
  const { request } = await createFilledLog();
  const get = async (query: string) =>
    (await request('GET', `/api/otp/log/summary?${query}`)).json<OtpLogSummary>();
  expect(await get('from=2026-01-01T00:00:00Z&to=2026-01-03T00:00:00Z')).toEqual({
    from: '2026-01-01T00:00:00.000Z',
    to: '2026-01-03T00:00:00.000Z',
    total: 10,
    byStatus: { queued: 0, expired: 0, failed: 2, sent: 3, undelivered: 0, delivered: 2, verified: 3 },
    conversion: 0.375,
    costs: [{ amount: 9, currency: 'TWD' }],
    // Midnight in Taipei is 16:00 UTC.
    days: [
      { day: '2026-01-01', total: 1, verified: 0, failed: 0 },
      { day: '2026-01-02', total: 9, verified: 3, failed: 2 },
    ],
  });
  expect(await get('from=2026-01-01T00:00:00Z&to=2026-01-03T00:00:00Z&channel=sms')).toMatchObject({
    total: 5,
  });
  expect(await get('')).toMatchObject({ total: 0, conversion: null, costs: [], days: [] });
});

test('a search that cannot be meant is a 400', async () => {
  const { request } = await createGymService();
  for (const query of ['cursor=x', 'status=odd', 'from=yesterday', 'limit=0', 'limit=201', 'channel=fax']) {
    const response = await request('GET', `/api/otp/log?${query}`);
    expect([query, ...problemOf(response)]).toEqual([query, 400, 'malformed_request']);
  }
});

test('members see no log', async () => {
  const { request, tokenFor } = await createGymService();
  const token = await tokenFor('member');
  for (const path of ['/api/otp/log', '/api/otp/log/summary'])
    expect(problemOf(await request('GET', path, undefined, token))).toEqual([403, 'forbidden']);
});

test('old lines are taken out, of every tenant that can be reached', async () => {
  const { gym, dependencies } = await createFilledLog();
  const listTenants = async ({ after }: { after?: string }) =>
    (after === undefined ? ['gone', 'iron-temple'] : []).map((id) => ({ id }) as never);
  const days = 30;
  const now = () => new Date(Date.parse('2026-01-01T20:00:00Z') + days * 86_400_000);
  await sweepLogs({ ...dependencies, now, days, store: { listTenants } }, new AbortController().signal);
  const { rows } = await gym.query<{ count: number }>('SELECT count(*)::int FROM otp_log');
  expect(rows[0]?.count).toBe(5);
});
