import { randomUUID } from 'node:crypto';
import { createDocument } from '@kyong/collaboration/adapters/tenant-database';
import { eventually } from '@kyong/testing';
import { expect, it } from 'vitest';
import { collaborate, createWorld, request } from './harness.ts';

const roomy = 1024 ** 3;

async function createGym(quota: { documents: number; versions: number; databaseBytes: number }) {
  const world = await createWorld({ quota });
  const server = await world.startServer();
  const { tenantId, pool } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const create = () => request(server, 'POST', '', token, { kind: 'course_planning', title: 'A plan' });
  const usage = async () =>
    (
      await server.app.inject({
        url: '/api/collaboration/usage',
        headers: { authorization: `Bearer ${token}` },
      })
    ).json();
  return { world, server, tenantId, pool, token, create, usage };
}

it('a gym has as many documents as its plan allows, however many are asked for at once, and is told before', async () => {
  const { create, usage } = await createGym({ documents: 5, versions: 1, databaseBytes: roomy });
  const answers = await Promise.all(Array.from({ length: 4 }, create));
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  expect(await usage()).toMatchObject({ documents: 4, documentsLimit: 5, nearlyFull: true });
  const last = await Promise.all(Array.from({ length: 4 }, create));
  expect(last.map(({ status }) => status).sort()).toEqual([201, 422, 422, 422]);
  const refused = last.find(({ status }) => status === 422);
  expect(refused?.body).toMatchObject({
    code: 'quota_reached',
    detail: expect.stringContaining('5 at most'),
  });
});

it('a document keeps so many named versions, and of the others the newest', async () => {
  const { server, token, pool, create } = await createGym({
    documents: 5,
    versions: 2,
    databaseBytes: roomy,
  });
  const { documentId } = (await create()).body;
  const keep = (name: string) => request(server, 'POST', `/${documentId}/history`, token, { name });
  const kept = await Promise.all(['a', 'b', 'c'].map(keep));
  expect(kept.map(({ status }) => status).sort()).toEqual([201, 201, 422]);
  const { versionId } = kept.find(({ status }) => status === 201)?.body ?? {};
  for (let n = 0; n < 4; n++)
    expect((await request(server, 'POST', `/${documentId}/restore`, token, { versionId })).status).toBe(200);
  const { rows } = await pool.query('SELECT name FROM document_versions ORDER BY created_at');
  expect(rows.filter(({ name }) => name === null)).toHaveLength(2);
  expect(rows.filter(({ name }) => name !== null)).toHaveLength(2);
});

it('a database that holds what it may takes nothing new, and documents that are there can be edited', async () => {
  const { world, server, pool, token, create, usage } = await createGym({
    ...{ documents: 5, versions: 2, databaseBytes: 1_000_000 },
  });
  const documentId = randomUUID();
  await createDocument(pool, {
    ...{ documentId, kind: 'course_planning', title: 'A plan', userId: 'ann', limit: 5 },
  });
  const text = { text: 'x' };
  for (const answer of [
    await create(),
    await request(server, 'POST', `/${documentId}/comments`, token, text),
  ])
    expect([answer.status, answer.body.code]).toEqual([422, 'quota_reached']);
  expect(await usage()).toMatchObject({ databaseBytesLimit: 1_000_000, nearlyFull: true });
  expect(world.log.join('')).toContain('a database is nearly full');

  const session = await collaborate(server.url, async () => token).open(documentId);
  await session.synced();
  session.doc.getText('course.notes').insert(0, 'still');
  await eventually(() => expect(session.isSaved).toBe(true));
  // Nothing is kept by itself either, and nobody has to know.
  expect((await request(server, 'GET', `/${documentId}/history`, token)).body.versions).toEqual([]);
});
