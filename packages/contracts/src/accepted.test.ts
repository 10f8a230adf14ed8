import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { type Route, routes } from './index.ts';
import { openApiDocument } from './openapi.ts';

type Schema = Record<string, unknown>;
interface Operation {
  requestBody?: { content: Record<string, { schema: Schema }> };
  parameters: { name: string; in: string; schema: Schema }[];
}

const document = openApiDocument(Object.values(routes), { title: 'Kyo', version: '1', description: '' });
// Formats are annotations in JSON Schema 2020-12, and every one of ours has its pattern beside it.
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document, 'openapi');

const operationOf = ({ path, method }: Route) =>
  (document.paths as Record<string, Record<string, Operation>>)[path]?.[method.toLowerCase()] as Operation;
const inDocument = (schema: Schema, value: unknown) =>
  ajv.validate(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')) as Schema, value);

const template = { name: 'Codes', channel: 'sms', bodies: { en: '{code}' } };
const [sent, paid] = [{ channel: 'sms' }, { tenantId: 'iron-temple', plan: 'free' }];

const bodies: [keyof typeof routes, accepted: unknown[], refused: unknown[]][] = [
  [
    'provisionTenant',
    [
      paid,
      { ...paid, name: 'Iron Temple 💪' },
      { ...paid, name: ' Iron ' },
      { ...paid, name: '💪'.repeat(120) },
    ],
    [
      { ...paid, name: ' ' },
      { ...paid, name: 'a\nb' },
      { ...paid, name: 'a\u202eb' },
      { ...paid, name: '💪'.repeat(121) },
    ],
  ],
  [
    'startMigration',
    [{}, { canaries: 3 }, { canaries: ['iron-temple'] }],
    [{ canaries: ['a'] }, { canaries: [] }, { canaries: 101 }, { canaries: 'iron-temple' }],
  ],
  [
    'sendOtp',
    [
      { ...sent, to: '+886912345678' },
      { channel: 'email', to: 'ann@example.com' },
    ],
    [
      ...[
        { ...sent, to: '000' },
        { ...sent, to: 'ann@example.com' },
        { channel: 'email', to: '+886912345678' },
      ],
      ...[`${'a'.repeat(65)}@example.com`, `ann@${'b'.repeat(64)}.com`].map((to) => ({
        channel: 'email',
        to,
      })),
      { ...sent, to: '+886912345678', captchaToken: '\u0000' },
    ],
  ],
  [
    'grantRole',
    [
      { to: '+886912345678', role: 'trainer' },
      { to: 'ann@example.com', role: 'trainer' },
    ],
    ['000', 'ann', '', '+0'].map((to) => ({ to, role: 'trainer' })),
  ],
  ['erasePerson', [{ address: 'ann@example.com' }], [{ address: '000' }]],
  [
    'createOtpTemplate',
    [
      ...[
        template,
        { ...template, webOtpDomain: 'kyo.tw' },
        { ...template, bodies: { en: '{app}: {code}, {minutes} min' } },
      ],
      { ...template, channel: 'email', subjects: { en: '{app}' } },
    ],
    [
      ...[
        { ...template, subjects: { en: 'Code' } },
        { ...template, channel: 'email', webOtpDomain: 'kyo.tw' },
      ],
      ...[
        {},
        { en: 'no code' },
        { en: '{code}{code}' },
        { en: '{code} {phone}' },
        { en: '{code} {' },
        { en: '{code}\n' },
      ].map((words) => ({ ...template, bodies: words })),
      { ...template, channel: 'email', subjects: { en: '{code}' } },
      { ...template, channel: 'push' },
    ],
  ],
  [
    'changeOtpPolicy',
    [{}, { alphabet: '0123456789' }],
    [{ alphabet: 'abcdef' }, { purposes: { other: {} } }],
  ],
  ['createDocument', [{ kind: 'course_planning', title: ' a ' }], [{ kind: 'course_planning', title: ' ' }]],
  [
    'addDocumentComment',
    [{ text: 'a\nb' }],
    [{ text: '\n' }, { text: 'a\u0000' }, { text: 'a', anchor: '-' }],
  ],
  ['changeDocumentComment', [{ resolved: true }, { text: 'a' }], [{}, { text: '' }, { other: 1 }]],
];

it.each(bodies)('the document says of the body of %s what its server says', (name, accepted, refused) => {
  const route = routes[name] as Route;
  const schema = operationOf(route).requestBody?.content['application/json']?.schema ?? {};
  const verdicts = (list: unknown[]) =>
    list.map((body) => [JSON.stringify(body), route.body?.safeParse(body).success, inDocument(schema, body)]);
  expect(verdicts(accepted)).toEqual(accepted.map((body) => [JSON.stringify(body), true, true]));
  expect(verdicts(refused)).toEqual(refused.map((body) => [JSON.stringify(body), false, false]));
});

const parameters: [keyof typeof routes, name: string, accepted: string[], refused: string[]][] = [
  [
    'planMigration',
    'canaries',
    ['0', '100', 'ab', 'iron-temple,ab'],
    ['a', '101', '007', 'ab,', 'iron--temple', ''],
  ],
  [
    'listOtpLog',
    'q',
    [
      '+886912***678',
      'a***@example.com',
      'pV2mN0xJ6cQ4bTzUe1sWgK9d',
      '6f1d2c3b-4a5e-8f60-9b7c-8d9e0f1a2b3c',
      '678',
    ],
    ['+886912345678', ' 886912345678', '0912-345-678', '＋８８６９１２３４５６７８', 'ann@example.com', ' '],
  ],
  ['audit', 'actor', ['operator'], ['\u0000']],
  ['grantDocumentRole', 'userId', ['operator'], ['', '\u0000']],
];

it.each(parameters)(
  'the document says of %s, %s what its server says',
  (name, parameter, accepted, refused) => {
    const route = routes[name] as Route;
    const type = { ...route.query?.shape, ...route.params?.shape }[parameter];
    const schema = operationOf(route).parameters.find((each) => each.name === parameter)?.schema ?? {};
    const verdicts = (list: string[]) =>
      list.map((value) => [value, type?.safeParse(value).success, inDocument(schema, value)]);
    expect(verdicts(accepted)).toEqual(accepted.map((value) => [value, true, true]));
    expect(verdicts(refused)).toEqual(refused.map((value) => [value, false, false]));
  },
);
