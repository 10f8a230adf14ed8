import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestClock } from '@kyong/testing';
import { expect, it, onTestFinished } from 'vitest';
import { localArchives } from '../src/adapters/local-archives.ts';
import { describeArchiveStore } from './archives.contract.ts';

function start(clock = new TestClock()) {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-archives-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const url = 'http://localhost/dev/exports/';
  return localArchives({ directory, key: async () => 'of the test', url, now: clock.now });
}

describeArchiveStore('a folder', async () => start());

it('a link leads to its file until its time is over', async () => {
  const clock = new TestClock();
  const store = start(clock);
  await store.save('gym/one.tar', async (output) => void output.end('all of it'));
  const { searchParams } = new URL(await store.link('gym/one.tar', 60));
  const query = {
    expires: searchParams.get('expires') ?? '',
    signature: searchParams.get('signature') ?? '',
  };
  expect(readFileSync((await store.open('gym/one.tar', query)) ?? '', 'utf8')).toBe('all of it');
  expect(await store.open('gym/two.tar', query)).toBeUndefined();
  expect(await store.open('../../etc/passwd', query)).toBeUndefined();
  clock.advance(61);
  expect(await store.open('gym/one.tar', query)).toBeUndefined();
});
