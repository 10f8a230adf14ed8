import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { readWorkspace, servicesOf } from '../scripts/workspace.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, '.github', 'workflows');

interface Job {
  strategy?: { matrix?: { include?: { command?: string }[] } };
  steps?: { run?: string }[];
}

/** Every line that a workflow runs; where a matrix says which, each of them. */
const lines = readdirSync(folder).flatMap((file) => {
  const { jobs } = parse(readFileSync(join(folder, file), 'utf8')) as { jobs: Record<string, Job> };
  return Object.values(jobs).flatMap(({ strategy, steps = [] }) => {
    const ofMatrix = (strategy?.matrix?.include ?? []).map(({ command = '' }) => command);
    return steps.flatMap(({ run }) => (run?.includes('matrix.command') ? ofMatrix : (run ?? [])));
  });
});

/** Run here, as a step is, and what it leaves in its outputs. */
const rehearsed: Record<string, { env?: Record<string, string>; outputs: string }> = {
  'echo "names=$(npm run --silent images -- --list --json)" >> "$GITHUB_OUTPUT"': {
    outputs: `names=${JSON.stringify(servicesOf(readWorkspace(root)))}\n`,
  },
  [lines.find((line) => line.includes('process.env.RESULTS')) ?? 'the line that tells Slack']: {
    env: { RESULTS: '{"verify":{"result":"success","outputs":{}},"prod":{"result":"skipped","outputs":{}}}' },
    outputs: 'lines=verify success · prod skipped\n',
  },
};

const deployTest = 'infrastructure/test/commands.emulator.test.ts';
/** Run by another test, which has these words in it. */
const byAnotherTest: Record<string, { file: string; words: string }> = {
  'npm run push-image -- ${{ matrix.service }} -c stage=${{ inputs.stage }} --revision ${{ inputs.revision }}':
    { file: deployTest, words: "'push-image', name, '-c', 'stage=dev', '--revision', revision" },
  'npm run deploy -- -c stage=${{ inputs.stage }} --revision ${{ inputs.revision }} --outputs "$GITHUB_OUTPUT"':
    { file: deployTest, words: "'-c', 'stage=dev', '--revision', revision, '--outputs', outputs" },
  'npm run deploy -- -c stage=${{ inputs.stage }} --roll-back --outputs "$GITHUB_OUTPUT"': {
    file: deployTest,
    words: "'-c', 'stage=dev', '--roll-back', '--outputs', outputs",
  },
  'npm run --silent diff -- -c stage=${{ matrix.stage }} --markdown > difference.md': {
    file: deployTest,
    words: "'diff', '-c', 'stage=dev', '--markdown'",
  },
  'npm run kyo -- smoke ${{ steps.deploy.outputs.url }}': {
    file: 'apps/local-platform/test/platform.test.ts',
    words: "run('smoke', platform.url",
  },
  'npm run kyo -- migrate run --stage ${{ inputs.stage }} --canaries 3': {
    file: 'apps/local-platform/test/fleet.test.ts',
    words: "kyo('migrate', 'run'",
  },
};

const notHere: Record<string, string> = {
  'npm run verify': 'CI runs it by itself (.ci/run)',
  'npm test': 'this is it',
  'npm run test:deploy': 'CI runs it by itself (.ci/run)',
  'npm run synth -- -c stage=dev':
    'half a minute; its judges judge the same templates in infrastructure/test',
  'npm run synth -- -c stage=prod': 'the same',
  'npm run test:images': 'minutes, and needs Docker or root',
  'npm run supply-chain': 'asks the registry what is known today',
  'go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12': 'needs Go',
  'gh pr comment "$NUMBER" --body-file difference.md': 'needs GitHub',
};

it('every line that a workflow runs is rehearsed, or says why it is not', () => {
  const known = [rehearsed, byAnotherTest, notHere].flatMap((list) => Object.keys(list));
  expect([...new Set(lines)].sort()).toEqual(known.sort());
  for (const [line, reason] of Object.entries(notHere))
    process.stdout.write(`• Not rehearsed: ${line} (${reason})\n`);
});

it.each(Object.entries(rehearsed))('works: %s', (line, { env = {}, outputs }) => {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-rehearsal-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'output');
  // As GitHub starts it: https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#exit-codes-and-error-action-preference
  const { status, stderr } = spawnSync('bash', ['-e', '-c', line], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env, GITHUB_OUTPUT: file },
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(outputs);
});

it.each(Object.entries(byAnotherTest))('is run by another test: %s', (_, { file, words }) => {
  expect(readFileSync(join(root, file), 'utf8')).toContain(words);
});
