import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PlatformProcess } from '@kyong/testing/platform-process';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: PlatformProcess;
let token: string;

beforeAll(async () => {
  platform = await PlatformProcess.start();
  token = await platform.signUp('+886912000001');
});
afterAll(() => platform?.discard());

const provision = (
  body: unknown,
  options: { token?: string; headers?: Record<string, string> } = { token },
) => platform.request('POST', '/provision-tenant', { body, ...options });
const show = (tenantId: string) =>
  platform.request('GET', `/tenants/${tenantId}`, { token: platform.operatorToken });

describe.each([
  ['free', 'shared'],
  ['basic', 'dedicated'],
])('a signup with the %s plan', (plan, placement) => {
  const tenantId = `first-${plan}`;

  it('is accepted at once, and a moment later the gym has its database', async () => {
    const accepted = await provision({ tenantId, plan, name: 'First Gym 一號' });
    expect(accepted.status).toBe(202);
    const { operationId } = accepted.body;
    expect(accepted.body).toEqual({
      tenantId,
      operationId,
      status: 'provisioning',
      statusUrl: `/operations/${operationId}`,
    });
    expect(accepted.headers.get('location')).toBe(accepted.body.statusUrl);
    expect(Number(accepted.headers.get('retry-after'))).toBeGreaterThan(0);

    expect((await platform.operationEnd(operationId)).status).toBe('succeeded');
    const seen = await platform.request('GET', `/tenants/${tenantId}`, { token });
    expect(seen.body).toMatchObject({
      tenantId,
      plan,
      placement,
      status: 'active',
      name: 'First Gym 一號',
      schemaVersion: expect.stringMatching(/^\d{4}_/),
    });
    expect(seen.body.database).toBeUndefined();
  });

  it("is reached with the tenant's own role", async () => {
    const { database } = (await show(tenantId)).body;
    const client = new Client({
      host: database.host,
      port: database.port,
      database: database.name,
      user: `${database.name}_app`,
      password: readFileSync(
        join(platform.dataDirectory, 'secrets', 'tenants', tenantId, 'database.secret'),
        'utf8',
      ),
    });
    await client.connect();
    const { rows } = await client.query('SELECT tenant_id, name FROM gym');
    await client.end();
    expect(rows).toEqual([{ tenant_id: tenantId, name: 'First Gym 一號' }]);
  });

  it('answers the same request with the same operation, and others with a conflict', async () => {
    const [first, again] = [
      await provision({ tenantId, plan, name: 'First Gym 一號' }),
      await provision({ tenantId, plan }),
    ];
    expect(again.body.operationId).toBe(first.body.operationId);
    const other = await platform.signUp(plan === 'free' ? '+886912000002' : '+886912000003');
    expect(await provision({ tenantId, plan }, { token: other })).toMatchObject({
      status: 409,
      body: { code: 'tenant_taken' },
    });
    expect((await platform.request('GET', `/tenants/${tenantId}`, { token: other })).status).toBe(404);
    expect(
      (await platform.request('GET', `/operations/${first.body.operationId}`, { token: other })).status,
    ).toBe(404);
  });

  it('makes the person its owner: a token for the tenant can be had', async () => {
    const phone = '+886912000009';
    const sent = await platform.request('POST', '/api/otp/send', {
      body: { channel: 'sms', to: phone, purpose: 'signup' },
    });
    expect(sent.status).toBeLessThan(500);
    const owner = await platform.request('GET', '/api/auth/me', { token });
    expect(owner.body.tenants).toContainEqual({ tenantId, role: 'gym_owner' });
  });
});

describe('bad input', () => {
  const good = { tenantId: 'good-gym', plan: 'free' };

  it.each([
    ['malformed JSON', '{"tenantId":', 400, 'malformed_json'],
    ['a list', [], 400, 'malformed_request'],
    ['null', 'null', 400, 'malformed_request'],
    ['a number for a name', { ...good, name: 1 }, 400, 'malformed_request'],
    ['an unknown field', { ...good, admin: true }, 400, 'malformed_request'],
    ['no plan', { tenantId: 'good-gym' }, 400, 'malformed_request'],
    ['an unknown plan', { ...good, plan: 'gold' }, 400, 'malformed_request'],
    ['the plan __proto__', { ...good, plan: '__proto__' }, 400, 'malformed_request'],
    ['the plan constructor', { ...good, plan: 'constructor' }, 400, 'malformed_request'],
    ['a reserved tenantId', { ...good, tenantId: 'www' }, 409, 'tenant_reserved'],
    ['upper case', { ...good, tenantId: 'Good-Gym' }, 400, 'malformed_request'],
    ['a doubled hyphen', { ...good, tenantId: 'good--gym' }, 400, 'malformed_request'],
    ['dots', { ...good, tenantId: '../../etc' }, 400, 'malformed_request'],
    ['SQL', { ...good, tenantId: "x'; DROP TABLE tenants; --" }, 400, 'malformed_request'],
    ['Unicode', { ...good, tenantId: '健身房' }, 400, 'malformed_request'],
    ['too long', { ...good, tenantId: 'a'.repeat(32) }, 400, 'malformed_request'],
    ['a tenantId of 1 MB', { ...good, tenantId: 'a'.repeat(1_000_000) }, 413, 'payload_too_large'],
    ['a region we are not in', { ...good, region: 'us-east-1' }, 422, 'region_unavailable'],
    ['a region that is none', { ...good, region: 'mars' }, 400, 'malformed_request'],
  ])('%s', async (_, body, status, code) => {
    const response = await provision(body);
    expect([response.status, response.body.code]).toEqual([status, code]);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(response.text).not.toMatch(/node:|\.ts:|SELECT|127\.0\.0\.1/);
  });

  it('20 MB, of which it does not wait for the end', async () => {
    // The connection closes with the answer: a client that still writes may see that first.
    const status = await provision({ ...good, name: 'a'.repeat(20_000_000) }).then(
      (response) => response.status,
      (error: Error) => String(error.cause),
    );
    expect(String(status)).toMatch(/^413$|EPIPE|ECONNRESET|other side closed/);
    expect((await platform.request('GET', '/healthz')).status).toBe(200);
  });

  it('another content type', async () => {
    const response = await provision('tenantId=good-gym', {
      token,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([response.status, response.body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('made no tenant', async () => {
    const { body } = await platform.request('GET', '/tenants', { token: platform.operatorToken });
    expect(body.tenants.map((tenant: { tenantId: string }) => tenant.tenantId)).toEqual([
      'first-basic',
      'first-free',
    ]);
  });
});

describe('tokens', () => {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = () => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;

  it.each([
    ['none', () => undefined],
    ['rubbish', () => 'rubbish'],
    ['alg none', () => `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(claims())}.`],
    [
      'alg none with a signature',
      () => `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(claims())}.${token.split('.')[2]}`,
    ],
    [
      'other claims under a good signature',
      () =>
        `${token.split('.')[0]}.${encode({ ...claims(), roles: ['platform_admin'] })}.${token.split('.')[2]}`,
    ],
  ])('%s: 401', async (_, make) => {
    const made = make();
    const response = await provision(
      { tenantId: 'good-gym', plan: 'free' },
      made === undefined ? {} : { token: made },
    );
    expect([response.status, response.body.code]).toEqual([401, 'unauthenticated']);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
  });

  it('a signup may not list tenants; an operator may, page by page', async () => {
    expect((await platform.request('GET', '/tenants', { token })).status).toBe(403);
    const first = await platform.request('GET', '/tenants?limit=1', { token: platform.operatorToken });
    expect(first.body.tenants).toHaveLength(1);
    expect(first.body.tenants[0].database).toMatchObject({
      host: '127.0.0.1',
      instanceId: 'kyo-first-basic',
    });
    const second = await platform.request('GET', `/tenants?limit=1&cursor=${first.body.nextCursor}`, {
      token: platform.operatorToken,
    });
    expect(second.body).toMatchObject({ tenants: [{ tenantId: 'first-free' }], nextCursor: null });
    expect(
      (await platform.request('GET', '/tenants?status=active&plan=free', { token: platform.operatorToken }))
        .body.tenants,
    ).toHaveLength(1);
    expect(
      (await platform.request('GET', '/tenants?status=odd', { token: platform.operatorToken })).status,
    ).toBe(400);
  });
});

describe('an operator', () => {
  const change = (kind: string, tenantId: string, by: string) =>
    platform.request('POST', `/tenants/${tenantId}/${kind}`, { token: by });

  it.each([
    ['suspend', 'suspended'],
    ['resume', 'active'],
  ])('may %s a tenant', async (kind, status) => {
    const accepted = await change(kind, 'first-free', platform.operatorToken);
    expect(accepted.status).toBe(202);
    expect((await platform.operationEnd(accepted.body.operationId)).status).toBe('succeeded');
    expect((await show('first-free')).body).toMatchObject({
      status,
      operation: { kind, status: 'succeeded' },
    });
  });

  it('may not what does not fit, and a gym may not at all', async () => {
    const conflict = await change('resume', 'first-basic', platform.operatorToken);
    expect([conflict.status, conflict.body.code]).toEqual([409, 'tenant_status_conflict']);
    expect((await change('suspend', 'nobody', platform.operatorToken)).status).toBe(404);
    expect((await change('suspend', 'first-free', token)).status).toBe(403);
  });
});

describe('the command line', () => {
  const cli = join(import.meta.dirname, '..', '..', 'kyo-cli', 'src', 'main.ts');
  const run = (...args: string[]) => promisify(execFile)(process.execPath, [cli, ...args]);
  const kyo = (...args: string[]) => run(...args, '--data-dir', platform.dataDirectory);

  it.each([
    ['suspend', 'suspended'],
    ['resume', 'active'],
  ])('has %s, and says how it went', async (kind, status) => {
    expect((await kyo('tenants', kind, 'first-free')).stdout).toContain(`first-free: ${kind} succeeded.`);
    expect((await show('first-free')).body.status).toBe(status);
  });

  it('ends with 1 and the reason when it is refused', async () => {
    await expect(kyo('tenants', 'resume', 'first-basic')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('tenant_status_conflict'),
    });
  });

  it('erases a person, and says where the proof is', async () => {
    await platform.signUp('+886912000077');
    const { stdout } = await kyo('people', 'erase', '+886912000077');
    expect(stdout).toContain('Deleted: 1 of users, 1 of user_addresses, 1 of sessions, 0 of memberships.');
    expect((await kyo('people', 'erase', '+886912000077')).stdout).toContain('Nobody has this address.');
    expect((await kyo('audit', '--action', 'person.erase')).stdout).not.toContain('886912000077');
  });

  it('asks every part from outside, and names the one that does not answer', async () => {
    const { stdout } = await run('smoke', platform.url, '--within', '0');
    expect(stdout.match(/^✓/gm)).toHaveLength(5);
    await expect(run('smoke', 'http://127.0.0.1:9', '--within', '0')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('✗ control plane'),
    });
  });
});

describe('at the same time', () => {
  it('20 equal requests: one tenant, one operation', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => provision({ tenantId: 'twenty', plan: 'free' })),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => answer.body.operationId)).size).toBe(1);
    await platform.operationEnd(answers[0]?.body.operationId);
  });

  it('50 with one idempotency key: one tenant; with another body, refused', async () => {
    const options = { token, headers: { 'idempotency-key': 'key-1' } };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => provision({ tenantId: 'keyed', plan: 'free' }, options)),
    );
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    const changed = await provision({ tenantId: 'keyed-2', plan: 'free' }, options);
    expect([changed.status, changed.body.code]).toEqual([422, 'idempotency_key_reused']);
    await platform.operationEnd(answers[0]?.body.operationId);
  });

  it('two people racing for one name: one has it', async () => {
    const tokens = await Promise.all(
      ['+886912000011', '+886912000012'].map((phone) => platform.signUp(phone)),
    );
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        provision({ tenantId: 'raced', plan: 'free' }, { token: tokens[index % 2] ?? '' }),
      ),
    );
    const accepted = new Set(
      answers.filter((answer) => answer.status === 202).map((answer) => answer.body.operationId),
    );
    expect(accepted.size).toBe(1);
    expect(answers.filter((answer) => answer.status === 409)).toHaveLength(5);
    await platform.operationEnd([...accepted][0]);
    expect((await show('raced')).body.status).toBe('active');
  });
});

describe('pages', () => {
  it('the start page, the documentation and its document are served', async () => {
    const home = await platform.request('GET', '/');
    expect(home.headers.get('content-type')).toContain('text/html');
    expect(home.text).toContain('/provision-tenant');
    const page = await platform.request('GET', '/docs/');
    const { body } = await platform.request('GET', '/docs/openapi.json');
    expect(body.openapi).toBe('3.1.1');
    expect(Object.keys(body.paths)).toContain('/provision-tenant');
    const [, viewer = ''] = /src="(\S+swagger-ui\S+)"/.exec(page.text) ?? [];
    expect((await platform.request('GET', viewer)).status).toBe(200);
  });

  it('anything else is a 404 problem', async () => {
    for (const path of [
      '/nowhere',
      '/tenants/a/b/c',
      '/operations',
      '/api/nothing',
      '/docs/../package.json',
      '/%2e%2e/etc/passwd',
    ]) {
      const response = await platform.request('GET', path, { token: platform.operatorToken });
      expect([path, response.status, response.body.code]).toEqual([path, 404, 'not_found']);
    }
  });
});
