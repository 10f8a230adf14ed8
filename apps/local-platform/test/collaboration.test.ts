import { CollaborationClient } from '@kyong/collaboration/client';
import { eventually } from '@kyong/testing';
import { PlatformProcess } from '@kyong/testing/platform-process';
import { afterAll, beforeAll, expect, it } from 'vitest';

let platform: PlatformProcess;

beforeAll(async () => {
  platform = await PlatformProcess.start();
});
afterAll(() => platform.discard());

it.each([['websocket'], ['polling']])(
  'a week is planned together through the gateway, by %s',
  async (transport) => {
    const tenantId = `gym-${transport}`;
    const phone = transport === 'websocket' ? '+886912000071' : '+886912000072';
    const { accessToken: token } = await platform.openGym(phone, { tenantId, plan: 'free' });
    const created = await platform.request('POST', '/api/collaboration/documents', {
      token,
      body: { kind: 'schedule_management', title: 'Week 12' },
    });
    expect(created.status).toBe(201);
    const open = async () => {
      const client = new CollaborationClient(platform.url, {
        getToken: async () => token,
        socket: { transports: [transport] },
      });
      const session = await client.open(created.body.documentId);
      await session.synced();
      return { client, session };
    };
    const [one, other] = [await open(), await open()];
    const yoga = { title: 'Yoga', day: 1, start: '18:30', minutes: 60 };
    one.session.doc.getMap('schedule.classes').set('yoga', yoga);
    await eventually(() => expect(other.session.doc.getMap('schedule.classes').toJSON()).toEqual({ yoga }));
    const history = await platform.request(
      'GET',
      `/api/collaboration/documents/${created.body.documentId}/history`,
      { token },
    );
    expect(history.body.versions[0].summary).toEqual({
      'schedule.classes': { added: 1, changed: 0, removed: 0 },
    });
    for (const { client } of [one, other]) client.close();
  },
);

it('a document that is open outlives a stop and a start of everything', async () => {
  const gym = { tenantId: 'gym-open', plan: 'free' };
  const { accessToken: token } = await platform.openGym('+886912000073', gym);
  const { body } = await platform.request('POST', '/api/collaboration/documents', {
    token,
    body: { kind: 'course_planning', title: 'Spring' },
  });
  const client = new CollaborationClient(platform.url, { getToken: async () => token });
  const session = await client.open(body.documentId);
  await session.synced();
  session.doc.getText('course.notes').insert(0, 'before the stop');
  await eventually(() => expect(session.isSaved).toBe(true));
  expect(await platform.end('SIGTERM')).toBe(0);
  session.doc.getText('course.notes').insert(0, 'meanwhile, ');
  platform = new PlatformProcess(platform.dataDirectory, platform.port);
  await platform.ready();
  await eventually(() => expect(session.isSaved).toBe(true));
  client.close();

  const again = new CollaborationClient(platform.url, { getToken: async () => token });
  const reopened = await again.open(body.documentId);
  await reopened.synced();
  expect(reopened.doc.getText('course.notes').toString()).toBe('meanwhile, before the stop');
  again.close();
});
