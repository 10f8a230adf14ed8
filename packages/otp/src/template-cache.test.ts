import { TestClock } from '@kyong/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { cachedTemplates } from './template-cache.ts';

const kind = { channel: 'sms', purpose: 'login', locale: 'en' } as const;

afterEach(() => {
  vi.useRealTimers();
});

test('a gym is asked once in two seconds, each kind of message for itself', async () => {
  const clock = new TestClock();
  const asked: string[] = [];
  const templates = cachedTemplates({
    reader: {
      find: async (tenantId, { locale }) => {
        asked.push(`${tenantId} ${locale}`);
        return { app: `${tenantId} ${asked.length}` };
      },
    },
    now: clock.now,
    onError: () => {},
  });
  expect(await Promise.all([templates.find('a', kind), templates.find('a', kind)])).toEqual([
    { app: 'a 1' },
    { app: 'a 1' },
  ]);
  await templates.find('b', kind);
  await templates.find('a', { ...kind, locale: 'zh-TW' });
  expect(asked).toEqual(['a en', 'b en', 'a zh-TW']);
  clock.advance(2);
  expect(await templates.find('a', kind)).toEqual({ app: 'a 4' });
});

test.each([
  ['away', () => Promise.reject(new Error('away'))],
  ['silent', () => new Promise<undefined>(() => {})],
])('a gym whose database is %s has no words, soon and for two seconds', async (_, find) => {
  vi.useFakeTimers();
  const clock = new TestClock();
  const errors: unknown[] = [];
  const templates = cachedTemplates({
    reader: { find },
    now: clock.now,
    onError: (error) => errors.push(error),
  });
  const found = templates.find('a', kind);
  await vi.advanceTimersByTimeAsync(500);
  expect(await found).toBeUndefined();
  expect(await templates.find('a', kind)).toBeUndefined();
  expect(errors).toHaveLength(1);
});
