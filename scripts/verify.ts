// The fast checks: format, lint, import directions, types. No servers. `--fix` formats and mends what it can.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);
const fix = process.argv.includes('--fix');

const migrations = globSync('packages/tenancy/migrations/*/*.sql', { cwd: root }).sort();

const checks = [
  {
    name: 'format and lint',
    command: [bin('biome'), 'check', '--error-on-warnings', ...(fix ? ['--write'] : [])],
  },
  {
    name: 'import directions',
    command: [
      bin('depcruise'),
      'packages',
      'apps',
      'lambda',
      'infrastructure',
      'benchmarks',
      'chaos',
      'images',
      'scripts',
    ],
  },
  {
    name: 'migrations that old and new code survive',
    command: [bin('squawk'), '--reporter', 'gcc', ...migrations],
  },
  {
    name: 'regular expressions in linear time',
    command: [process.execPath, join(root, 'scripts', 'regular-expressions.ts')],
  },
  {
    name: 'the OpenAPI document',
    command: [process.execPath, join(root, 'scripts', 'openapi.ts')],
  },
  { name: 'types', command: [bin('tsc'), '--project', '.'] },
  { name: 'types of the infrastructure', command: [bin('tsc'), '--project', 'infrastructure'] },
];

const results = await Promise.all(
  checks.map(async ({ name, command: [file = '', ...args] }) => {
    const startedAt = performance.now();
    const { code, output } = await run(file, args);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    process.stdout.write(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n${code === 0 ? '' : output}`);
    return code;
  }),
);
process.exitCode = results.every((code) => code === 0) ? 0 : 1;

function run(file: string, args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
