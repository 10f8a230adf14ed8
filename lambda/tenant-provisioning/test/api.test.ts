import { createLogger, Problem } from '@kyong/service-kit';
import type { TenancyPolicy } from '@kyong/tenancy';
import {
  createFleetMigrations,
  createInspections,
  createMasterDatabase,
  masterMigrations,
} from '@kyong/tenancy/adapters/master-database';
import { newestTenantVersion } from '@kyong/tenancy/adapters/tenant-migrations';
import { openAs } from '@kyong/tenancy/testing/program-pool';
import { createTestDatabase } from '@kyong/testing';
import type { APIGatewayProxyEvent, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createApi } from '../src/api.ts';
import { createAuthorizer } from '../src/authorize.ts';
import { viewerAddress } from '../src/source-address.ts';

const signup = { sub: 'user-1', roles: '', scope: 'session signup' };
const session = { sub: 'user-1', roles: 'member', scope: 'session', tenant: 'iron-temple' };
const operator = { sub: 'operator', roles: 'platform_admin', scope: 'operator' };

function event(authorizer: object | null, change: Partial<APIGatewayProxyEvent> = {}): APIGatewayProxyEvent {
  const request = {
    httpMethod: 'POST',
    resource: '/provision-tenant',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ tenantId: 'iron-temple', plan: 'free' }),
    isBase64Encoded: false,
    pathParameters: null,
    queryStringParameters: null,
    ...change,
  };
  const requestContext = { requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef', authorizer };
  return { ...request, requestContext } as unknown as APIGatewayProxyEvent;
}

async function createTestApi(
  change: Partial<TenancyPolicy> = {},
  startOperation = async (_id: string) => {},
  startInspection = async (_id: string) => {},
) {
  const { connection, pool: admin } = await createTestDatabase(masterMigrations);
  const { pool } = await openAs('api', connection);
  const policy: TenancyPolicy = {
    regions: ['ap-northeast-1'],
    selfServicePlans: ['free', 'basic'],
    maxTenantsPerOwner: 1,
    maxSelfServiceServersPerDay: 1,
    dedicatedOnly: false,
    ...change,
  };
  const logger = createLogger({ service: 'test', level: 'silent' });
  const store = createMasterDatabase(pool);
  // No backups, and no way into a database.
  const noBackups = { restorableWindow: async () => undefined };
  const fleet = {
    store,
    migrations: createFleetMigrations(pool),
    schema: { newestVersion: newestTenantVersion() },
    policy,
    startMigration: async () => {},
    logger,
  };
  const api = createApi({
    store,
    addressOf: viewerAddress,
    hosts: { dedicated: noBackups, shared: noBackups },
    firstBackupSeconds: 10,
    archives: { link: async (ref) => `https://archives.example/${ref}` },
    policy,
    now: () => new Date(),
    startOperation,
    inspection: { inspections: createInspections(pool), startInspection, logger },
    fleet,
    logger,
  });
  const call = async (request: APIGatewayProxyEvent) => {
    const { statusCode, body, headers } = await api(request);
    return { status: statusCode, headers, body: JSON.parse(body) as Record<string, unknown> };
  };
  return Object.assign(call, { admin });
}

const body = (value: object) => ({ body: JSON.stringify(value) });

describe('the API function', () => {
  it('refuses a token whose session, or whose role in its gym, has ended, though the authorizer lets it in', async () => {
    const call = await createTestApi();
    const ann = 'c6af9ac6-7b61-41e6-9a41-93e8deadbeef';
    const sid = 'd6af9ac6-7b61-41e6-9a41-93e8deadbeef';
    await call.admin.query('INSERT INTO ended_access (user_id, session_id) VALUES ($1, $2)', [ann, sid]);
    await call.admin.query("INSERT INTO ended_access (user_id, tenant_id) VALUES ($1, 'iron-temple')", [ann]);
    const person = { sub: ann, roles: 'gym_owner', scope: 'session', tenant: 'iron-temple' };
    const get = { httpMethod: 'GET', resource: '/tenants', body: null };
    const answer = async (context: object) => (await call(event({ ...person, ...context }, get))).body.code;
    expect(await answer({ sid, ends_seen: '2' })).toBe('unauthenticated');
    expect(await answer({ ends_seen: '1' })).toBe('unauthenticated');
    expect(await answer({})).toBe('unauthenticated');
    expect(await answer({ ends_seen: '2' })).toBe('forbidden');
    const now = Math.floor(Date.now() / 1000);
    expect(await answer({ ends_seen: '2', exp: String(now) })).toBe('unauthenticated');
    expect(await answer({ ends_seen: '2', exp: String(now + 60) })).toBe('forbidden');
    expect(await answer({ sub: 'arn:aws:iam::123456789012:role/operator', sid })).toBe('forbidden');
  });

  it('records the tenant and hands its operation over', async () => {
    const started: string[] = [];
    const call = await createTestApi({}, async (operationId) => void started.push(operationId));
    const { status, body } = await call(event(signup));
    expect([status, body.operationId]).toEqual([202, started[0]]);
  });

  it('accepts even when the driver cannot be reached: the sweep finds the operation', async () => {
    const call = await createTestApi({}, () => Promise.reject(new Error('StartExecution: throttled')));
    const { status, body } = await call(event(signup));
    expect(status).toBe(202);
    const seen = await call(
      event(signup, {
        httpMethod: 'GET',
        resource: '/operations/{operationId}',
        pathParameters: { operationId: String(body.operationId) },
      }),
    );
    expect(seen.body).toMatchObject({ tenantId: 'iron-temple', status: 'running' });
  });

  it('takes header names in any case and a body in base64', async () => {
    const call = await createTestApi();
    const text = JSON.stringify({ tenantId: 'iron-temple', plan: 'free' });
    const encoded = { body: Buffer.from(text).toString('base64'), isBase64Encoded: true };
    expect((await call(event(signup, encoded))).status).toBe(202);
    expect(
      (await call(event(signup, { headers: { 'CONTENT-TYPE': 'Application/JSON; charset=utf-8' } }))).status,
    ).toBe(202);
  });

  it.each([
    ['without an authorizer', null, {}, 401, 'unauthenticated'],
    ['without a scope for it', session, {}, 403, 'signup_required'],
    [
      'a plan that operators alone may give',
      signup,
      body({ tenantId: 'iron-temple', plan: 'enterprise' }),
      403,
      'plan_not_self_service',
    ],
    ['without a body', signup, { body: null }, 400, 'malformed_request'],
    ['without a content type', signup, { headers: {} }, 415, 'unsupported_media_type'],
    [
      'an idempotency key of 300 characters',
      signup,
      { headers: { 'content-type': 'application/json', 'idempotency-key': 'k'.repeat(300) } },
      400,
      'malformed_request',
    ],
    ['a resource that is none', signup, { resource: '/nothing' }, 404, 'not_found'],
    ['the list, for a gym', session, { httpMethod: 'GET', resource: '/tenants' }, 403, 'forbidden'],
    [
      'a tenant that is not there',
      operator,
      { httpMethod: 'GET', resource: '/tenants/{tenantId}', pathParameters: { tenantId: 'none' } },
      404,
      'not_found',
    ],
    [
      'an operation whose id is none',
      operator,
      { httpMethod: 'GET', resource: '/operations/{operationId}', pathParameters: { operationId: '1' } },
      400,
      'malformed_request',
    ],
  ])('refuses %s', async (_, authorizer, change, status, code) => {
    const call = await createTestApi();
    const response = await call(event(authorizer, change));
    expect([response.status, response.body.code]).toEqual([status, code]);
    expect(response.headers?.['content-type']).toContain('application/problem+json');
  });

  it('bounds how many tenants a person may own, and not how many an operator makes', async () => {
    const call = await createTestApi();
    const other = body({ tenantId: 'second-gym', plan: 'free' });
    expect((await call(event(signup))).status).toBe(202);
    expect((await call(event(signup, other))).body.code).toBe('tenant_limit_reached');
    expect((await call(event(operator, other))).status).toBe(202);
    expect((await call(event(operator, body({ tenantId: 'third-gym', plan: 'enterprise' })))).status).toBe(
      202,
    );
  });

  it('says when the next server may be ordered, and who gives what nobody may choose', async () => {
    const call = await createTestApi({ maxTenantsPerOwner: null });
    const order = (tenantId: string, plan: string) => event(signup, body({ tenantId, plan }));
    expect((await call(order('first-gym', 'basic'))).status).toBe(202);
    const { status, body: problem, headers } = await call(order('second-gym', 'basic'));
    expect([status, problem.code]).toEqual([429, 'self_service_exhausted']);
    expect(Number(headers?.['retry-after'])).toBeGreaterThan(86_000);
    const refused = await call(order('third-gym', 'premium'));
    expect(refused.body.detail).toBe(
      'By yourself you may choose: free, basic. An operator gives the others.',
    );
  });
});

describe('the fleet', () => {
  const get = (resource: string, queryStringParameters: Record<string, string> | null = null) => ({
    httpMethod: 'GET',
    resource,
    queryStringParameters,
  });
  const inspection = (kind: string) => ({ resource: '/fleet/inspections', ...body({ kind }) });
  const start = (wish: object) => ({ resource: '/fleet/migrations', ...body(wish) });

  it('is for operators alone', async () => {
    const call = await createTestApi();
    for (const change of [
      get('/fleet/versions'),
      inspection('quotas'),
      get('/fleet/inspections/{inspectionId}'),
      get('/fleet/migration-plan'),
      start({}),
    ]) {
      expect((await call(event(session, change))).body.code).toBe('forbidden');
    }
  });

  it("is migrated at an operator's word, once at a time", async () => {
    const call = await createTestApi();
    const started = await call(event(operator, start({ canaries: 2 })));
    expect(started).toMatchObject({ status: 202, body: { created: true } });
    const again = await call(event(operator, start({})));
    expect(again.body).toEqual({ ...started.body, created: false });
    const shown = await call(
      event(operator, {
        ...get('/fleet/migrations/{migrationId}'),
        pathParameters: { migrationId: String(started.body.migrationId) },
      }),
    );
    expect(shown.body).toMatchObject({ status: 'running', tenants: { pending: 0, succeeded: 0 } });
    expect((await call(event(operator, get('/fleet/versions')))).body).toMatchObject({
      versions: [],
      migration: { migrationId: started.body.migrationId },
    });
  });

  it.each([
    ['canaries that are not there', start({ canaries: ['nobody'] }), 422, 'canaries_unknown'],
    ['a plan for them', get('/fleet/migration-plan', { canaries: 'nobody' }), 422, 'canaries_unknown'],
    ['names that are none', get('/fleet/migration-plan', { canaries: 'A,B' }), 400, 'malformed_request'],
    ['no concurrency', start({ concurrency: 0 }), 400, 'malformed_request'],
    ['what it does not know', start({ force: true }), 400, 'malformed_request'],
  ])('refuses %s', async (_, change, status, code) => {
    const call = await createTestApi();
    const response = await call(event(operator, change));
    expect([response.status, response.body.code]).toEqual([status, code]);
  });
});

describe('the authorizer', () => {
  const request: APIGatewayTokenAuthorizerEvent = {
    type: 'TOKEN',
    authorizationToken: 'Bearer x',
    methodArn: 'arn:aws:execute-api:ap-northeast-1:123456789012:abcdef/prod/GET/tenants/iron-temple',
  };

  it('allows the whole stage, for its answer is kept for other paths too', async () => {
    const authorize = createAuthorizer(async () => ({
      sub: 'user-1',
      roles: ['gym_owner', 'trainer'],
      scope: 'session',
      tenant: 'iron-temple',
      exp: 2_000_000_000,
    }));
    expect(await authorize(request)).toEqual({
      principalId: 'user-1',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Action: 'execute-api:Invoke',
            Effect: 'Allow',
            Resource: 'arn:aws:execute-api:ap-northeast-1:123456789012:abcdef/prod/*',
          },
        ],
      },
      context: {
        sub: 'user-1',
        roles: 'gym_owner trainer',
        scope: 'session',
        exp: '2000000000',
        tenant: 'iron-temple',
      },
    });
  });

  it('throws the one word that API Gateway turns into a 401', async () => {
    const authorize = createAuthorizer(() => Promise.reject(new Problem('unauthenticated')));
    await expect(authorize(request)).rejects.toThrow(/^Unauthorized$/);
  });

  it('does not blame the caller when the keys cannot be had', async () => {
    const authorize = createAuthorizer(() => Promise.reject(new Problem('unavailable')));
    await expect(authorize(request)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a change of plan', () => {
  const change = (kind: string, tenantId: string, content: object, authorizer: object = operator) =>
    event(authorizer, {
      resource: `/tenants/{tenantId}/${kind}`,
      pathParameters: { tenantId },
      ...body(content),
    });

  it('is the operator’s to ask for, and says what it does not take', async () => {
    const call = await createTestApi();
    await call(event(signup));
    const refusals = [
      [change('plan', 'iron-temple', { plan: 'basic' }, signup), 403, 'forbidden'],
      [change('plan', 'iron-temple', { plan: 'gold' }), 400, 'malformed_request'],
      [change('plan', 'iron-temple', { plan: 'basic', time: 'tomorrow' }), 400, 'malformed_request'],
      [change('plan', 'iron-temple', { plan: 'basic', size: 'L' }), 400, 'malformed_request'],
      [change('plan', 'nobody', { plan: 'basic' }), 404, 'not_found'],
      [change('plan', 'iron-temple', { plan: 'free' }), 409, 'tenant_plan_unchanged'],
      [change('plan', 'iron-temple', { plan: 'basic' }), 409, 'operation_running'],
      [change('move', 'iron-temple', { instanceId: '' }), 400, 'malformed_request'],
      [change('move', 'iron-temple', {}), 409, 'operation_running'],
      [change('confirm', 'iron-temple', {}), 409, 'operation_running'],
    ] as const;
    for (const [request, status, code] of refusals) {
      const answer = await call(request);
      expect([answer.status, answer.body.code], request.body ?? '').toEqual([status, code]);
    }
    const { headers, body } = await call(change('move', 'iron-temple', {}));
    expect(body).toMatchObject({
      operationId: expect.any(String),
      statusUrl: `/operations/${body.operationId}`,
    });
    expect(headers?.['retry-after']).toBe('5');
  });
});

describe('the audit', () => {
  it.each([
    ['of IPv4', { 'x-kyo-viewer': '203.0.113.7' }, '203.0.113.7'],
    ['of IPv6, in any case', { 'X-Kyo-Viewer': '2001:db8::7' }, '2001:db8::7'],
    ['that is none', { 'x-kyo-viewer': '203.0.113.7, 10.0.0.1' }, '198.51.100.1'],
    ['that is said in another header', { 'x-forwarded-for': '203.0.113.7' }, '198.51.100.1'],
  ])('names the address that the edge says of its viewer: one %s', async (_, headers, sourceIp) => {
    const call = await createTestApi();
    const request = event(signup, { headers: { 'content-type': 'application/json', ...headers } });
    Object.assign(request.requestContext, { identity: { sourceIp: '198.51.100.1' } });
    expect((await call(request)).status).toBe(202);
    const audit = { httpMethod: 'GET', resource: '/audit', pathParameters: null, body: null };
    expect((await call(event(operator, audit))).body.entries).toMatchObject([{ sourceIp }]);
  });

  const of = (resource: string, tenantId?: string) => ({
    httpMethod: 'GET',
    resource,
    pathParameters: tenantId === undefined ? null : { tenantId },
    body: null,
  });

  it('tells operators what was asked for and what was refused, page by page; nobody else', async () => {
    const call = await createTestApi();
    await call(event(signup));
    const change = { httpMethod: 'DELETE', resource: '/tenants/{tenantId}', body: null };
    const path = { pathParameters: { tenantId: 'iron-temple' } };
    expect((await call(event(session, { ...change, ...path }))).status).toBe(403);
    expect((await call(event(operator, { ...change, ...path }))).status).toBe(409);
    const first = await call(
      event(operator, {
        ...of('/tenants/{tenantId}/audit', 'iron-temple'),
        queryStringParameters: { limit: '2' },
      }),
    );
    expect(first.body.entries).toMatchObject([
      { actor: 'operator', action: 'offboard', refused: 'operation_running' },
      { actor: 'user-1', action: 'offboard', refused: 'forbidden' },
    ]);
    const query = { queryStringParameters: { cursor: String(first.body.nextCursor), actor: 'user-1' } };
    const second = await call(event(operator, { ...of('/audit'), ...query }));
    expect(second.body).toMatchObject({ entries: [{ action: 'provision' }], nextCursor: null });
    expect((await call(event(session, of('/audit')))).status).toBe(403);
  });

  it('shows a gym and its operations to those who work there, and to its founder as long as they do', async () => {
    const call = await createTestApi();
    const ann = 'c6af9ac6-7b61-41e6-9a41-93e8deadbeef';
    const founder = { sub: ann, roles: '', scope: 'signup' };
    const { operationId } = (await call(event(founder))).body;
    const see = async (context: object) => {
      const get = { httpMethod: 'GET', body: null };
      const path = { resource: '/tenants/{tenantId}', pathParameters: { tenantId: 'iron-temple' } };
      const operation = {
        resource: '/operations/{operationId}',
        pathParameters: { operationId: String(operationId) },
      };
      return [
        (await call(event(context, { ...get, ...path }))).status,
        (await call(event(context, { ...get, ...operation }))).status,
      ];
    };
    expect(await see(founder)).toEqual([200, 200]);
    await call.admin.query("UPDATE tenants SET status = 'active'");
    await call.admin.query('INSERT INTO users (id) VALUES ($1)', [ann]);
    await call.admin.query("INSERT INTO memberships VALUES ($1, 'iron-temple', 'gym_owner')", [ann]);
    expect(await see(founder)).toEqual([200, 200]);
    await call.admin.query("UPDATE memberships SET role = 'guest'");
    expect(await see(founder)).toEqual([404, 404]);
    await call.admin.query('DELETE FROM memberships');
    expect(await see(founder)).toEqual([404, 404]);
    for (const role of ['guest', 'member'])
      expect(await see({ ...session, roles: role })).toEqual([404, 404]);
    expect(await see({ ...session, roles: 'trainer' })).toEqual([200, 200]);
    expect(await see({ ...session, roles: 'gym_owner', tenant: 'other-gym' })).toEqual([404, 404]);
  });

  it('says when a restore can be had of a tenant that has no backup yet', async () => {
    const call = await createTestApi();
    await call(event(signup));
    await call.admin.query("UPDATE operations SET status = 'succeeded'");
    await call.admin.query("UPDATE tenants SET status = 'active'");
    const {
      status,
      headers,
      body: answer,
    } = await call(
      event(operator, {
        resource: '/tenants/{tenantId}/restore',
        pathParameters: { tenantId: 'iron-temple' },
        ...body({ to: new Date().toISOString() }),
      }),
    );
    expect([status, answer.code, headers?.['retry-after']]).toEqual([422, 'restore_time_unavailable', '10']);
  });

  it('writes nothing down of tenants that do not exist, whoever asks for whatever', async () => {
    const call = await createTestApi();
    const path = { resource: '/tenants/{tenantId}/suspend', body: null };
    for (const tenantId of ['no-such-gym-1', 'no-such-gym-2'])
      expect((await call(event(session, { ...path, pathParameters: { tenantId } }))).status).toBe(403);
    expect((await call.admin.query('SELECT FROM audit')).rowCount).toBe(0);
  });
});

describe('an inspection', () => {
  const ask = (wish: object) => event(operator, { resource: '/fleet/inspections', ...body(wish) });
  const show = (inspectionId: unknown) =>
    event(operator, {
      httpMethod: 'GET',
      resource: '/fleet/inspections/{inspectionId}',
      pathParameters: { inspectionId: String(inspectionId) },
      body: null,
    });

  it('is recorded and handed to the driver, and watched until it is over', async () => {
    const started: string[] = [];
    const call = await createTestApi({}, undefined, async (id) => void started.push(id));
    const { status, body, headers } = await call(ask({ kind: 'differences' }));
    expect([status, body.inspectionId, headers?.location]).toEqual([202, started[0], body.statusUrl]);
    expect((await call(show(body.inspectionId))).body).toEqual({
      inspectionId: body.inspectionId,
      kind: 'differences',
      status: 'running',
      startedAt: expect.any(String),
    });
  });

  it('is a 503 when the driver cannot be reached: nothing looks after it', async () => {
    const call = await createTestApi({}, undefined, () => Promise.reject(new Error('throttled')));
    const { status, headers } = await call(ask({ kind: 'quotas' }));
    expect([status, headers?.['retry-after']]).toEqual([503, '5']);
  });

  it.each([
    ['of no kind', ask({ kind: 'everything' }), 400],
    ['with what it does not know', ask({ kind: 'drift', limit: 5 }), 400],
    ['that is not there', show('c6af9ac6-7b61-41e6-9a41-93e8deadbeef'), 404],
  ])('%s is refused', async (_, request, status) => {
    expect((await (await createTestApi())(request)).status).toBe(status);
  });
});
