import type { OtpTemplate } from '@kyong/contracts';
import { eventually } from '@kyong/testing';
import { expect, test } from 'vitest';
import { createGymService } from './gym.ts';
import { problemOf } from './harness.ts';

const url = '/api/otp/templates';
const line = 'Kyo: share it with nobody, enter it only at kyo.example.';
const good = { name: 'Sign-in', channel: 'sms', bodies: { en: '{code} for {app}, {minutes} minutes' } };

test('a template is made, shown, listed, replaced and deleted', async () => {
  const { request } = await createGymService();
  const created = await request('POST', url, {
    ...good,
    bodies: { en: good.bodies.en, 'zh-TW': '{app} 驗證碼 {code}' },
    webOtpDomain: 'iron-temple.kyo.example',
  });
  expect(created.statusCode).toBe(201);
  const template = created.json<OtpTemplate>();
  const one = `${url}/${template.templateId}`;
  expect(created.headers.location).toBe(one);
  expect(template).toMatchObject({
    ...{ name: 'Sign-in', channel: 'sms', purpose: 'login', active: true },
    webOtpDomain: 'iron-temple.kyo.example',
    previews: {
      en: {
        text: `123456 for Iron Temple, 5 minutes\n${line}\n@iron-temple.kyo.example #123456`,
        sms: { encoding: 'GSM-7', length: 123, segments: 1 },
      },
      'zh-TW': { sms: { encoding: 'UCS-2', segments: 2 } },
    },
  });
  expect((await request('GET', one)).json()).toEqual(template);
  expect((await request('GET', url)).json()).toEqual({ templates: [template], nextCursor: null });

  const replaced = await request('PUT', one, {
    ...good,
    name: 'Another',
    bodies: { 'zh-TW': `${'驗'.repeat(70)}{code}` },
  });
  expect(replaced.json()).toMatchObject({
    name: 'Another',
    previews: { 'zh-TW': { sms: { encoding: 'UCS-2', length: 107, segments: 2 } } },
  });
  expect(replaced.json()).not.toHaveProperty('webOtpDomain');

  expect((await request('DELETE', one)).statusCode).toBe(204);
  expect(problemOf(await request('DELETE', one))).toEqual([404, 'not_found']);
  expect(problemOf(await request('GET', one))).toEqual([404, 'not_found']);
  expect(problemOf(await request('PUT', one, good))).toEqual([404, 'not_found']);
});

test('a name is there once, however it is written, also when two ask for it at once', async () => {
  const { request } = await createGymService();
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      request('POST', url, { ...good, name: n % 2 ? 'Sign-in' : 'SIGN-IN' }),
    ),
  );
  expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(1);
  const refused = answers.find(({ statusCode }) => statusCode !== 201);
  expect(refused && problemOf(refused)).toEqual([409, 'template_name_taken']);
});

test('of a channel and purpose one is active; a replacement of none changes nothing', async () => {
  const { request } = await createGymService();
  for (const name of ['a', 'b', 'c']) await request('POST', url, { ...good, name });
  await request('POST', url, { ...good, name: 'other purpose', purpose: 'signup' });
  const active = async () => {
    const { templates } = (await request('GET', url)).json<{ templates: OtpTemplate[] }>();
    return templates.filter((template) => template.active).map(({ name }) => name);
  };
  expect(await active()).toEqual(['c', 'other purpose']);
  await request('PUT', `${url}/00000000-0000-4000-8000-000000000000`, { ...good, name: 'd' });
  expect(await active()).toEqual(['c', 'other purpose']);
});

test('a list comes page by page', async () => {
  const { request } = await createGymService();
  for (const name of ['delta', 'Alpha', 'charlie', 'Bravo', 'écho'])
    await request('POST', url, { ...good, name, active: false });
  const names: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { templates: OtpTemplate[]; nextCursor: string | null } = (
      await request('GET', `${url}?limit=2${cursor && `&cursor=${cursor}`}`)
    ).json();
    names.push(...page.templates.map(({ name }) => name));
    cursor = page.nextCursor;
  }
  expect(names).toHaveLength(5);
  expect(new Set(names).size).toBe(5);
  expect(names.slice(0, 2)).toEqual(['Alpha', 'Bravo']);
});

const refused: [what: string, changes: object, path: string][] = [
  ['no {code}', { bodies: { en: 'hello' } }, 'body.bodies.en'],
  ['{code} twice', { bodies: { en: '{code} {code}' } }, 'body.bodies.en'],
  ['an unknown placeholder', { bodies: { en: '{code} {phone}' } }, 'body.bodies.en'],
  ['one of the language itself', { bodies: { en: '{code} {constructor}' } }, 'body.bodies.en'],
  ['a brace alone', { bodies: { en: '{code} {' } }, 'body.bodies.en'],
  ['no body', { bodies: {} }, 'body.bodies'],
  ['a body in another language', { bodies: { de: '{code}' } }, 'body.bodies'],
  ['a control character', { bodies: { en: '{code}\u0000' } }, 'body.bodies.en'],
  ['a long body', { bodies: { en: `{code}${'a'.repeat(500)}` } }, 'body.bodies.en'],
  ['a link', { bodies: { en: '{code} https://evil' } }, 'body.bodies.en'],
  ['a domain', { bodies: { en: '{code} on evil.example' } }, 'body.bodies.en'],
  ['a domain in full-width characters', { bodies: { en: '{code} ｅｖｉｌ．ｃｏｍ' } }, 'body.bodies.en'],
  ['a domain made with a placeholder', { bodies: { en: '{code} evil.{app}' } }, 'body.bodies.en'],
  ['a second line', { bodies: { en: '{code}\nKyo: call us' } }, 'body.bodies.en'],
  ['a paragraph separator', { bodies: { en: '{code}\u2029' + 'x' } }, 'body.bodies.en'],
  ['a bidi control', { bodies: { en: '{code}\u202exyz' } }, 'body.bodies.en'],
  [
    'four SMS in one language',
    { bodies: { en: '{code}', 'zh-TW': `{code}${'驗'.repeat(200)}` } },
    'body.bodies.zh-TW',
  ],
  ['four SMS by its placeholders', { bodies: { en: `{code}${'{app}'.repeat(50)}` } }, 'body.bodies.en'],
  ['the domain of somebody else', { webOtpDomain: 'evil.example' }, 'body.webOtpDomain'],
  ['the domain of another gym', { webOtpDomain: 'other.kyo.example' }, 'body.webOtpDomain'],
  ['a link in a subject', { channel: 'email', subjects: { en: 'evil.example' } }, 'body.subjects.en'],
  ['a line break in a subject', { channel: 'email', subjects: { en: 'a\r\nb' } }, 'body.subjects.en'],
  ['no name', { name: ' ' }, 'body.name'],
  ['a subject for an SMS', { subjects: { en: 'Code' } }, 'body.subjects'],
  ['a domain that is none', { webOtpDomain: 'gym.example #1' }, 'body.webOtpDomain'],
  ['a code in a subject', { channel: 'email', subjects: { en: '{code}' } }, 'body.subjects.en'],
];

test('what no person should be sent is refused, and where', async () => {
  const { request } = await createGymService();
  for (const [what, changes, path] of refused) {
    const response = await request('POST', url, { ...good, ...changes });
    const { errors } = response.json<{ errors?: { path: string }[] }>();
    expect([what, ...problemOf(response), errors?.[0]?.path]).toEqual([what, 400, 'malformed_request', path]);
  }
});

test('owners and managers of this gym only', async () => {
  const { request, tokenFor } = await createGymService();
  expect((await request('GET', url, undefined, await tokenFor('gym_manager'))).statusCode).toBe(200);
  for (const role of ['gym_staff', 'trainer', 'member', 'guest'] as const)
    expect(problemOf(await request('GET', url, undefined, await tokenFor(role)))).toEqual([403, 'forbidden']);
  expect(problemOf(await request('GET', url, undefined, await tokenFor('gym_owner', '')))).toEqual([
    403,
    'forbidden',
  ]);
  expect(problemOf(await request('GET', url, undefined, 'rubbish'))).toEqual([401, 'unauthenticated']);
});

test('a gym that is gone is a 404; one whose database is away a 503, and its people get their codes all the same', async () => {
  const { request, tokenFor, gyms, gym, send, messageTo, startWorker } = await createGymService({
    queue: true,
  });
  expect(problemOf(await request('GET', url, undefined, await tokenFor('gym_owner', 'gone')))).toEqual([
    404,
    'not_found',
  ]);
  const connection = gyms.get('iron-temple');
  if (!connection) throw new Error('no gym');
  gyms.set('away', { ...connection, port: 1 });
  expect(problemOf(await request('GET', url, undefined, await tokenFor('gym_owner', 'away')))).toEqual([
    503,
    'unavailable',
  ]);
  startWorker();
  await send('ann@example.com', { tenantId: 'away', locale: 'en' });
  expect((await messageTo('ann@example.com')).body).toMatch(/^\d{6} is your Kyo code/);

  await gym.query('DROP TABLE otp_templates');
  expect(problemOf(await request('GET', url))).toEqual([503, 'unavailable']);
  await send('bob@example.com', { locale: 'en' });
  expect((await messageTo('bob@example.com')).body).toMatch(/^\d{6} is your Kyo code/);
});

test("codes are sent in the gym's words, under its name", async () => {
  const { request, send, messageTo, startWorker } = await createGymService({ queue: true });
  await request('POST', url, { ...good, webOtpDomain: 'kyo.example' });
  startWorker();
  await send('+886912345678', { locale: 'en' });
  expect((await messageTo('+886912345678')).body).toMatch(
    /^(\d{6}) for Iron Temple, 5 minutes\nKyo: share .* only at kyo\.example\.\n@kyo\.example #\1$/,
  );
  await send('+886912345679', { locale: 'zh-TW' });
  expect((await messageTo('+886912345679')).body).toMatch(/^Iron Temple 驗證碼 \d{6}，/);
});

test('a message of three segments costs a gym three', async () => {
  const { send, startWorker, redis } = await createGymService({ queue: true });
  startWorker({ name: 'a', send: async () => ({ segments: 3 }) });
  await send('+886912345678');
  await eventually(async () => {
    const month = new Date().toISOString().slice(0, 7);
    // The one that was counted when it was asked for is none on a laptop.
    expect(await redis.hget(`{otp:counts}:budget:${month}`, 'iron-temple')).toBe('2');
  });
});
