import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

it('every control on the page of threats names a test that there is', () => {
  const page = readFileSync(join(root, 'docs', 'security.md'), 'utf8');
  const named = [...page.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, file = '']) => file);
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  const threats = page.split('\n').filter((line) => /\| [STRIDE](, [STRIDE])* +\|/.test(line));
  expect(threats.filter((line) => !/\.test\.ts`|npm run chaos/.test(line))).toEqual([]);
});
