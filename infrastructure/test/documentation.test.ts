import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../lib/code/index.ts';
import { rules } from '../lib/rules/index.ts';

/** The table before the other chapters. */
const [text = ''] = readFileSync(join(root, 'docs', 'infrastructure.md'), 'utf8').split('\n## ');
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (-+|asked for) /.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));
const files = globSync(
  ['infrastructure/{lib,test,commands}/**', '{apps,lambda}/*/{src,test}/**', 'lambda/*', 'packages/*/src/*'],
  { cwd: root },
).map((file) => `/${file}`);

/** A path from the root, from `infrastructure/`, or the end of one; `…` stands for the folders between. */
function isThere(name: string): boolean {
  const [start = '', end] = name.split('…/');
  return files.some((file) =>
    end === undefined
      ? file.endsWith(`/${name}`) || file.includes(`/${name}/`)
      : file.includes(`/${start}`) && file.endsWith(`/${end}`),
  );
}

describe('docs/infrastructure.md', () => {
  it.each(rows.map((row) => [row[1] ?? '', row] as const))('tells the truth about: %s', (_, row) => {
    const [, , construct = '', proof = ''] = row;
    expect(row).toHaveLength(5);
    for (const [, name = ''] of `${construct} ${proof}`.matchAll(/`([^`]+)`/g))
      expect(isThere(name), `${name} is not there`).toBe(true);
    for (const [, quoted = ''] of proof.matchAll(/"([^"]+)"/g)) {
      const beginning = quoted.replace(/…$/, '');
      const found = rules.filter(({ name }) =>
        quoted.endsWith('…') ? name.startsWith(beginning) : name === quoted,
      );
      expect(found, `There is no rule "${quoted}"`).toHaveLength(1);
    }
    if (construct.startsWith('none')) return;
    expect(proof, 'nothing shows it').not.toBe('');
  });
});
