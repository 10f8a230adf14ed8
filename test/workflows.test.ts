import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { closureOf, readWorkspace } from '../scripts/workspace.ts';

interface Step {
  uses?: string;
  run?: string;
  with?: { 'role-duration-seconds'?: number };
}
interface Job {
  uses?: string;
  steps?: Step[];
  needs?: string | string[];
  permissions?: object;
  environment?: unknown;
  'runs-on'?: string;
  'timeout-minutes'?: number;
}
interface Workflow {
  on: { push?: { branches?: string[]; paths?: string[] } };
  permissions: object;
  concurrency?: { group: string; 'cancel-in-progress': unknown };
  jobs: Record<string, Job>;
}

/** A job that works under a role of AWS ends with its session; an hour is the action's default. */
function sessionMinutesOf({ steps = [] }: Job): number {
  const seconds = steps.map((step) => step.with?.['role-duration-seconds'] ?? 0);
  return Math.max(60, ...seconds.map((each) => each / 60));
}

const root = join(import.meta.dirname, '..');
const folder = join(root, '.github', 'workflows');
const files = readdirSync(folder);
const texts = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
const workflowOf = (file: string) => parse(texts.get(file) ?? '') as Workflow;
const setup = readFileSync(join(root, '.github', 'actions', 'setup', 'action.yml'), 'utf8');
const scripts = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
).scripts;

describe.each(files)('%s', (file) => {
  const workflow = workflowOf(file);
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps ?? []);

  it('uses actions by their commit', () => {
    const foreign = `${texts.get(file)}${setup}`.matchAll(/uses: (\S+)/g);
    for (const [, name = ''] of foreign)
      expect(name).toMatch(/^\.\/\.github\/|^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
  });

  it('may do nothing that is not written down, and takes no longer than it may', () => {
    expect(workflow.permissions).toBeDefined();
    for (const [name, job] of Object.entries(workflow.jobs))
      if (job.steps) expect(job['timeout-minutes'], name).toBeLessThanOrEqual(sessionMinutesOf(job));
  });

  it('runs one line a step, of commands that are here', () => {
    for (const { run } of steps) {
      if (run === undefined) continue;
      expect(run.trim()).not.toContain('\n');
      const [, command] = /npm run (?:--silent )?([\w:-]+)/.exec(run) ?? [];
      if (command !== undefined) expect(Object.keys(scripts), run).toContain(command);
    }
  });

  it('keeps no long-lived key, and deploys nothing by a name that can change its meaning', () => {
    const text = texts.get(file) ?? '';
    expect(text).not.toMatch(/aws-access-key-id|AWS_SECRET|:latest|force-new-deployment|services-stable/);
    expect(text).not.toContain('job.status');
  });
});

describe('deploying', () => {
  const service = workflowOf('deploy-service.yml');

  it('happens once at a time to a stage, and is never cut off', () => {
    expect(service.concurrency?.group).toMatch(/^deploy-.*inputs\.stage/);
    expect(service.concurrency?.['cancel-in-progress']).toBe(false);
  });

  it('builds for ARM64 on ARM64, and deploys the very commit whose images it built', () => {
    expect(service.jobs.image?.['runs-on']).toBe('ubuntu-24.04-arm');
    expect(service.jobs.deploy?.needs).toBe('image');
    const commands = Object.values(service.jobs).flatMap(({ steps = [] }) =>
      steps.map(({ run }) => run ?? ''),
    );
    for (const command of ['push-image', 'run deploy'])
      expect(commands.find((run) => run.includes(command))).toMatch(/--revision .*inputs\.revision/);
  });

  it('is asked of a person where the environment says so', () => {
    for (const job of Object.values(service.jobs)) expect(job.environment).toBeDefined();
  });

  it('is asked whether it works before the tenants are migrated', () => {
    const commands = (service.jobs.deploy?.steps ?? []).map(({ run }) => run ?? '');
    const order = ['run deploy', 'smoke', 'migrate run'].map((part) =>
      commands.findIndex((run) => run.includes(part)),
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
  });

  it.each(['deploy.yml', 'deploy-collaboration-service.yml'])(
    '%s says how every job really ended',
    (file) => {
      const { tell, ...jobs } = workflowOf(file).jobs;
      expect(tell?.uses).toBe('./.github/workflows/tell.yml');
      const reported = Object.keys(jobs).filter((name) => name !== 'services');
      expect([tell?.needs].flat().sort()).toEqual(reported.sort());
    },
  );

  it('the collaboration service is shipped when anything it is made of changes', () => {
    const made = closureOf('collaboration-service', readWorkspace(root)).map(({ folder }) => `${folder}/**`);
    const paths = workflowOf('deploy-collaboration-service.yml').on.push?.paths ?? [];
    expect(paths.filter((path) => path.endsWith('/**')).sort()).toEqual(made.sort());
    expect(paths).toEqual(
      expect.arrayContaining(['Dockerfile', '.dockerignore', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']),
    );
  });
});
