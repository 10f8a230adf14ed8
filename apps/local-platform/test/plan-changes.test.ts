import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createDataDirectory, PlatformProcess } from '@kyong/testing/platform-process';
import { afterAll, beforeAll, expect, it } from 'vitest';

const tenantId = 'growing-gym';
let platform: PlatformProcess;
let owner: string;

beforeAll(async () => {
  platform = await PlatformProcess.start(createDataDirectory(), ['--shared-servers', '2']);
  owner = (await platform.openGym('+886912000077', { tenantId, plan: 'free' })).accessToken;
});
afterAll(() => platform?.discard());

const cli = join(import.meta.dirname, '..', '..', 'kyo-cli', 'src', 'main.ts');
const kyo = (...args: string[]) =>
  promisify(execFile)(process.execPath, [cli, 'tenants', ...args, '--data-dir', platform.dataDirectory]);

/** Asks the service for templates, one after the other, as long as it is told to; a 503 is asked again. */
function startWriting() {
  const names: string[] = [];
  const answers = new Map<number, number>();
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      const name = `Template ${names.length}`;
      const { status, headers } = await platform.request('POST', '/api/otp/templates', {
        token: owner,
        body: { name, channel: 'sms', active: false, bodies: { en: '{code}' } },
      });
      answers.set(status, (answers.get(status) ?? 0) + 1);
      if (status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      // 409: an attempt whose answer was lost had done it.
      if (status === 201 || status === 409) names.push(name);
      await sleep(10);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await running;
      return { names, statuses: [...answers.keys()] };
    },
  };
}

async function templatesInTenant(): Promise<string[]> {
  const names: string[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await platform.request('GET', `/api/otp/templates${cursor}`, { token: owner });
    names.push(...body.templates.map(({ name }: { name: string }) => name));
    if (body.nextCursor === null) return names;
    cursor = `?cursor=${body.nextCursor}`;
  }
}

it('a gym grows onto a server of its own, shrinks and moves, while its service answers', async () => {
  const writing = startWriting();
  const said: string[] = [];
  for (const args of [
    ['plan', tenantId, 'basic'],
    ['plan', tenantId, 'free'],
    ['move', tenantId],
  ]) {
    const { stdout } = await kyo(...args);
    if (args[0] === 'plan')
      expect(stdout).toMatch(/^It costs about USD [\d.]+ a month, and did cost USD [\d.]+\.$/m);
    said.push(stdout.trim().split('\n').at(-1) ?? '');
  }
  const { names, statuses } = await writing.stop();

  expect(said).toEqual([
    expect.stringMatching(/^growing-gym: change-plan succeeded, write pause \d+\.\d\d s\.$/),
    expect.stringMatching(/^growing-gym: change-plan succeeded, write pause \d+\.\d\d s\.$/),
    expect.stringMatching(/^growing-gym: move succeeded, write pause \d+\.\d\d s\.$/),
  ]);
  expect(statuses.filter((status) => ![201, 409, 503].includes(status))).toEqual([]);
  expect(names.length).toBeGreaterThan(20);
  expect((await templatesInTenant()).toSorted()).toEqual(names.toSorted());

  const shown = JSON.parse((await kyo('show', tenantId, '--json')).stdout);
  expect(shown).toMatchObject({ plan: 'free', placement: 'shared', status: 'active' });
  expect(shown.previousDatabases).toHaveLength(3);
  await kyo('confirm', tenantId);
  expect(JSON.parse((await kyo('show', tenantId, '--json')).stdout).previousDatabases).toBeUndefined();
});

it('what does not fit is refused with the reason', async () => {
  await expect(kyo('plan', tenantId, 'gold')).rejects.toMatchObject({ code: 2 });
  await expect(kyo('move', tenantId, '--to', 'shared-9')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no shared database server of this name'),
  });
});
