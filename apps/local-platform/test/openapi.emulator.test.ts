import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PlatformProcess } from '@kyong/testing/platform-process';
import { pythonEnvironment } from '@kyong/testing/python';
import { afterAll, beforeAll, expect, it } from 'vitest';

const settings = join(import.meta.dirname, 'openapi');
const tenantId = 'schema-gym';
let platform: PlatformProcess;
/** Tokens, and ids of what is there, for `schemathesis.toml` and `hooks.py`. */
let environment: Record<string, string>;

beforeAll(async () => {
  platform = await PlatformProcess.start();
  const operator = platform.operatorToken;
  const owner = (await platform.openGym('+886912000001', { tenantId, plan: 'free' })).accessToken;
  const person = (await platform.startSession('+886912000002', 'login')).accessToken;
  const post = async (path: string, token: string, body: object) =>
    (await platform.request('POST', path, { token, body })).body;
  const { operation } = (await platform.request('GET', `/tenants/${tenantId}`, { token: operator })).body;
  const { inspectionId } = await post('/fleet/inspections', operator, { kind: 'differences' });
  const bodies = { en: '{code}' };
  const { templateId } = await post('/api/otp/templates', owner, { name: 'Codes', channel: 'sms', bodies });
  const { documentId } = await post('/api/collaboration/documents', owner, {
    kind: 'course_planning',
    title: 'A',
  });
  environment = {
    ...{
      KYO_OPERATOR: operator,
      KYO_OWNER: owner,
      KYO_PERSON: person,
      KYO_TENANT: tenantId,
      KYO_OPERATION: operation.operationId,
    },
    ...{ KYO_INSPECTION: inspectionId, KYO_TEMPLATE: templateId, KYO_DOCUMENT: documentId },
  };
});
afterAll(() => platform?.discard());

it('the platform takes and answers what its OpenAPI document says, and nothing else', async () => {
  const python = await pythonEnvironment('schemathesis');
  // It keeps what it has found where it runs.
  const folder = mkdtempSync(join(tmpdir(), 'kyo-openapi-'));
  const judge = promisify(execFile)(
    python,
    [
      ...['-m', 'schemathesis.cli', '--config-file', join(settings, 'schemathesis.toml')],
      ...['run', `${platform.url}/docs/openapi.json`, '--seed', '1'],
    ],
    {
      cwd: folder,
      env: { PATH: process.env.PATH, PYTHONPATH: settings, PYTHONDONTWRITEBYTECODE: '1', ...environment },
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const { code, stdout } = await judge.then(
    (output) => ({ code: 0, ...output }),
    (error: { code: number; stdout: string }) => error,
  );
  rmSync(folder, { recursive: true });
  // What was found comes first, and then how it can be had again.
  expect([code, code === 0 ? '' : stdout.slice(0, 20_000)], stdout.slice(-2_000)).toEqual([0, '']);
  expect(await platform.request('GET', '/healthz')).toMatchObject({ status: 200 });
});
