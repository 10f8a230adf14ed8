import { expect, test } from 'vitest';
import { FairQueue } from './fair-queue.ts';

test('a tenant with one task waits for one task of another, however many that one has', async () => {
  const queue = new FairQueue();
  const done: string[] = [];
  const task = (name: string) => async () => {
    done.push(name);
  };
  await Promise.all([
    ...Array.from({ length: 4 }, (_, n) => queue.run('busy', task(`busy ${n}`))),
    queue.run('quiet', task('quiet 0')),
    queue.run('quiet', task('quiet 1')),
  ]);
  expect(done).toEqual(['busy 0', 'busy 1', 'quiet 0', 'busy 2', 'quiet 1', 'busy 3']);
});

test('a task that fails is told to whoever asked, and the next one runs', async () => {
  const queue = new FairQueue();
  const failing = queue.run('a', () => Promise.reject(new Error('no')));
  const next = queue.run('a', async () => 'yes');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
  expect(queue.waitingOf('a')).toBe(0);
});
