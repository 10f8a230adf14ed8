import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { provisionTenantRequest, type Route, routes, sendOtpRequest, tenantId } from './index.ts';
import { openApiDocument } from './openapi.ts';

describe('tenantId', () => {
  it.each(['ab', 'iron-temple', 'a1', 'gym-24-7', `a${'b'.repeat(30)}`])('takes %s', (id) => {
    expect(tenantId.safeParse(id).success).toBe(true);
  });

  it.each([
    ...[
      '',
      'a',
      'A1',
      'Iron-Temple',
      '1gym',
      '-gym',
      'gym-',
      'iron--temple',
      'gym_1',
      'gym.tw',
      '../etc',
      'gym/..',
    ],
    ...[
      "gym'; DROP TABLE tenants; --",
      'gým',
      '健身房',
      'gym\u0000',
      'gym\n',
      'gym ',
      `a${'b'.repeat(31)}`,
      'a'.repeat(1_000_000),
    ],
  ])('refuses %j', (id) => {
    expect(tenantId.safeParse(id).success).toBe(false);
  });

  it('takes only what is a valid RDS identifier behind a prefix', () => {
    // Nearly right ones, or most would be refused and say nothing.
    const unit = fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom('a', 'z', '0', '9') },
      { weight: 2, arbitrary: fc.constantFrom('-', 'A', '_', '.') },
    );
    fc.assert(
      fc.property(fc.string({ unit }), (id) => {
        fc.pre(tenantId.safeParse(id).success);
        expect(`kyo-${id}`).toMatch(/^[a-z](?!.*--)[a-z0-9-]{0,61}[a-z0-9]$/);
      }),
      { numRuns: 1000 },
    );
  });
});

it.each(['Iron Temple', 'Dr. Chen', 'No.1 健身', '鐵神殿。健身', 'F.I.T. 24/7', 'Café “Ω” 💪'])(
  'a gym may be called %s',
  (name) => {
    expect(provisionTenantRequest.safeParse({ tenantId: 'iron-temple', plan: 'free', name }).success).toBe(
      true,
    );
  },
);

it.each([
  'Your parcel is held.\nhttps://evil.example/p',
  ...[
    'http://x',
    'evil.example',
    'EVIL.COM',
    'ｅｖｉｌ．ｃｏｍ',
    'evil。com',
    '健身.台灣',
    'pay 10.0.0.1 now',
    'ann@mail.tw',
  ],
  ...['\u001b[31mRED', 'a\rb', 'a\u0007', 'a\u202eb', 'a\u2028b', 'a\u200bb', 'a\ud800b', '\ue000'],
])('a gym may not be called %j', (name) => {
  expect(provisionTenantRequest.safeParse({ tenantId: 'iron-temple', plan: 'free', name }).success).toBe(
    false,
  );
});

it.each(['__proto__', 'constructor', 'toString', 'gold', 'FREE', '', null, 1, {}])(
  'plan %j is refused',
  (plan) => {
    expect(provisionTenantRequest.safeParse({ tenantId: 'iron-temple', plan }).success).toBe(false);
  },
);

it('a code goes to a phone number by SMS and to an e-mail address by e-mail, not crosswise', () => {
  expect(sendOtpRequest.safeParse({ channel: 'sms', to: '+886912345678' }).success).toBe(true);
  expect(sendOtpRequest.safeParse({ channel: 'email', to: 'owner@example.com' }).success).toBe(true);
  expect(sendOtpRequest.safeParse({ channel: 'sms', to: 'owner@example.com' }).success).toBe(false);
  expect(sendOtpRequest.safeParse({ channel: 'email', to: '+886912345678' }).success).toBe(false);
  expect(sendOtpRequest.safeParse({ channel: 'sms', to: '0912345678' }).success).toBe(false);
});

describe('the OpenAPI document', () => {
  const document = openApiDocument(Object.values(routes), { title: 'Kyo', version: '1', description: '' });
  const text = JSON.stringify(document);

  it('has every route', () => {
    const operations = Object.entries(document.paths as Record<string, Record<string, unknown>>).flatMap(
      ([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(operations.sort()).toEqual(
      Object.values(routes)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
  });

  it('is a valid OpenAPI 3.1 document', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('has an example of each body, and its server takes it', () => {
    const wrong = Object.values<Route>(routes).filter(
      ({ body }) => body && !body.safeParse(body.meta()?.example).success,
    );
    expect(wrong.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  it('refers to no schema it does not hold', () => {
    const schemas = Object.keys((document.components as { schemas: object }).schemas);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      expect(schemas).toContain(name);
    expect(text).not.toContain('$defs');
  });

  it('names a different operationId for each operation', () => {
    const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(Object.keys(routes).length);
  });
});
