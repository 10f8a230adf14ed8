import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);
const copied = [
  'packages',
  'apps',
  'lambda',
  '.dependency-cruiser.mjs',
  'tsconfig.json',
  'tsconfig.base.json',
  'package.json',
];

/** What the check says of a copy of the code to which these files were added. */
async function verdict(files: Record<string, string>): Promise<string> {
  const copy = mkdtempSync(join(tmpdir(), 'kyo-imports-'));
  try {
    for (const name of copied) {
      // Links inside node_modules are relative: they lead to the copy's own packages.
      cpSync(join(root, name), join(copy, name), { recursive: true, verbatimSymlinks: true });
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    for (const [file, source] of Object.entries(files)) writeFileSync(join(copy, file), source);
    const depcruise = join(root, 'node_modules', '.bin', 'depcruise');
    return await run(depcruise, ['packages', 'apps', 'lambda'], { cwd: copy }).then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    );
  } finally {
    rmSync(copy, { recursive: true });
  }
}

const wrong = [
  [
    'a domain imports a driver',
    'packages/tenancy/src/wrong-1.ts',
    "import pg from 'pg';\nexport const x = pg;",
  ],
  [
    'a domain imports an adapter',
    'packages/tenancy/src/wrong-2.ts',
    "export * from './adapters/local-secrets.ts';",
  ],
  [
    'contracts import more than their schema library',
    'packages/contracts/src/wrong-3.ts',
    "export * from 'node:fs';",
  ],
  [
    'a package imports an app',
    'packages/postgres/src/wrong-4.ts',
    "export * from '../../../apps/kyo-cli/src/table.ts';",
  ],
  [
    'an app imports an app',
    'apps/kyo-otp-service/src/wrong-5.ts',
    "export * from '../../kyo-cli/src/table.ts';",
  ],
  [
    'the command line imports a domain',
    'apps/kyo-cli/src/wrong-6.ts',
    "export * from '../../../packages/tenancy/src/plan.ts';",
  ],
] as const;

let output = '';
beforeAll(async () => {
  output = await verdict(Object.fromEntries(wrong.map(([, file, source]) => [file, `${source}\n`])));
});

it.each(wrong)('%s: an error', (_, file) => {
  expect(output).toMatch(new RegExp(`error .*${file}`));
});

it('and nothing else is wrong', () => {
  const files = [...output.matchAll(/error \S+ (\S+) →/g)].map(([, file]) => file);
  expect(new Set(files)).toEqual(new Set(wrong.map(([, file]) => file)));
});
