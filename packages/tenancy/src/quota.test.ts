import { expect, it } from 'vitest';
import { assertRoom, withLevel } from './quota.ts';

const quota = (used: number, limit = 40) => ({ name: 'DB instances', used, limit, remedy: 'Ask for more.' });
const shares = { refuse: 0.9, warn: 0.75 };

it('refuses what would go beyond the share, with numbers and the remedy', () => {
  expect(() => assertRoom([{ quota: quota(35), amount: 1 }], 0.9)).not.toThrow();
  expect(() => assertRoom([{ quota: quota(36), amount: 1 }], 0.9)).toThrow(
    'There is no room: with this one 37 of 40 would be used (DB instances), and 90 % is the most the platform uses. Ask for more.',
  );
  expect(() => assertRoom([{ quota: quota(40), amount: 1 }], 1)).toThrow(
    /would be used \(DB instances\)\. Ask/,
  );
});

it('tells the level', () => {
  const levels = [10, 29, 30, 35, 36, 40].map((used) => withLevel(quota(used), shares).level);
  expect(levels).toEqual(['ok', 'ok', 'warning', 'warning', 'exhausted', 'exhausted']);
  expect(withLevel(quota(0, 0), shares).level).toBe('exhausted');
});
