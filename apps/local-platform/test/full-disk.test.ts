import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CollaborationClient, type DocumentSession } from '@kyong/collaboration/client';
import { eventually } from '@kyong/testing';
import { createDataDirectory, PlatformProcess } from '@kyong/testing/platform-process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The servers of the platform and its reserve, what new work needs, and 300 more. */
const diskMegabytes = 900;
const dataDirectory = createDataDirectory();
const folder = dirname(dataDirectory);
const filler = join(folder, 'filler');

function asRoot(...command: string[]): void {
  const [file = '', ...args] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command];
  execFileSync(file, args, { stdio: 'pipe' });
}

/** A disk of its own is to be had as root, and where sudo asks for no password, as in CI. */
function mountDisk(): boolean {
  const options = `size=${diskMegabytes}m,mode=711,uid=${process.getuid?.()}`;
  try {
    asRoot('mount', '-t', 'tmpfs', '-o', options, 'kyo-full-disk', folder);
    return true;
  } catch {
    return false;
  }
}

function freeMegabytes(): number {
  const { bavail, bsize } = statfsSync(folder);
  return (bavail * bsize) / 2 ** 20;
}

/** Another program takes all but so much of the disk, at once. */
function leave(megabytes: number): void {
  const bytes = Math.floor((freeMegabytes() - megabytes) * 2 ** 20);
  // Where the servers took some meanwhile, it ends with the disk full a little earlier.
  spawnSync('sh', ['-c', `head -c ${bytes} /dev/zero >> ${filler}`]);
}

describe.runIf(mountDisk())('a platform whose disk fills', () => {
  let platform: PlatformProcess;
  let document: DocumentSession;
  let client: CollaborationClient;
  const gym = { tenantId: 'iron-temple', plan: 'free' };
  let owner: { accessToken: string; refreshToken: string };

  const provision = (tenantId: string) =>
    platform.request('POST', '/provision-tenant', {
      token: platform.operatorToken,
      body: { tenantId, plan: 'free' },
    });
  const shown = (tenantId: string) =>
    platform.request('GET', `/tenants/${tenantId}`, { token: platform.operatorToken });
  const health = () => platform.request('GET', '/healthz');
  const staysSignedIn = async () => {
    const { refreshToken } = owner;
    const { status, body } = await platform.request('POST', '/api/auth/refresh', { body: { refreshToken } });
    expect(status).toBe(200);
    owner = body;
  };
  const isHealthy = () => eventually(async () => expect((await health()).status).toBe(200));

  beforeAll(async () => {
    platform = await PlatformProcess.start(dataDirectory);
    owner = await platform.openGym('+886912000061', gym);
    const { accessToken: token } = owner;
    const { body } = await platform.request('POST', '/api/collaboration/documents', {
      token,
      body: { kind: 'course_planning', title: 'Spring' },
    });
    client = new CollaborationClient(platform.url, { getToken: async () => token });
    document = await client.open(body.documentId);
    await document.synced();
  });
  afterAll(async () => {
    client.close();
    await platform.end('SIGTERM');
    asRoot('umount', '--lazy', folder);
    rmSync(folder, { recursive: true });
  });

  it('refuses new work and says what to do, and people sign in and read', async () => {
    // Less than a server's next write may need, and none has died of it yet.
    leave(8);
    const { headers, body } = await provision('refused');
    expect(body).toMatchObject({ code: 'insufficient_storage', status: 507 });
    expect(body.detail).toMatch(
      /^\d+ MB are free on the disk of .*, and 384 MB are needed for new work\. Delete/,
    );
    expect(body.detail).toContain(dataDirectory);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    // The file that was kept for that is gone.
    await eventually(() => expect(freeMegabytes()).toBeGreaterThan(40));

    const { status, body: state } = await health();
    expect([status, state.parts.disk.status]).toEqual([503, 'unavailable']);
    expect(state.parts.disk.detail).toContain('are needed for new work');
    expect(state.parts['master-database'].status).toBe('ready');

    const token = await platform.signUp('+886912000062');
    expect((await platform.request('GET', '/api/auth/me', { token })).status).toBe(200);
    expect((await shown(gym.tenantId)).body.status).toBe('active');
    expect((await shown('refused')).status).toBe(404);
    const stopped = await platform.request('POST', `/tenants/${gym.tenantId}/suspend`, {
      token: platform.operatorToken,
    });
    expect((await platform.operationEnd(stopped.body.operationId)).status).toBe('succeeded');
    const opened = await platform.request('POST', `/tenants/${gym.tenantId}/resume`, {
      token: platform.operatorToken,
    });
    expect((await platform.operationEnd(opened.body.operationId)).status).toBe('succeeded');
    expect(platform.isRunning).toBe(true);
  });

  it('refuses edits, which stay with whoever made them', async () => {
    await document.synced();
    const refusal = new Promise<{ code: string; isFinal: boolean }>((resolve) => {
      document.on('refused', resolve);
    });
    document.doc.getText('course.notes').insert(0, 'while it was full');
    expect(await refusal).toMatchObject({ code: 'insufficient_storage', isFinal: false });
    expect(document.isSaved).toBe(false);
  });

  it('takes work again by itself when there is room', async () => {
    rmSync(filler);
    await isHealthy();
    const accepted = await provision('later');
    expect(accepted.status).toBe(202);
    expect((await platform.operationEnd(accepted.body.operationId)).status).toBe('succeeded');
  });

  it('lives on when its servers cannot, and has lost nothing when there is room', async () => {
    // Until they have no byte left to write to, their reserve included.
    let sent = 0;
    await eventually(async () => {
      leave(0);
      sent += 1;
      const { status } = await platform.request('POST', '/api/otp/send', {
        body: { channel: 'email', to: `person-${sent}@example.com` },
      });
      expect(status).toBeGreaterThanOrEqual(503);
    });
    expect(platform.isRunning).toBe(true);
    rmSync(filler);
    await isHealthy();
    expect((await shown('later')).body.status).toBe('active');
    await staysSignedIn();
    await eventually(() => expect(document.isSaved).toBe(true));
  });

  it('is stopped and started where there is no room, and signs people in', async () => {
    leave(100);
    expect(await platform.end('SIGTERM')).toBe(0);
    platform = new PlatformProcess(dataDirectory, platform.port);
    await platform.ready();
    expect(platform.output).toContain('New work is refused');
    expect((await provision('refused')).status).toBe(507);
    await staysSignedIn();
    await platform.signUp('+886912000064');
    rmSync(filler);
    await isHealthy();
  });
});
