import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Stage, stageOf } from '../config/index.ts';
import { buildFunctions } from '../lib/code/index.ts';
import { readTemplates, type Templates } from '../lib/rules/index.ts';
import { services } from '../lib/services/index.ts';
import { synthesize } from '../lib/synthesize.ts';

/** Published ones: nothing is built. */
export const images = Object.fromEntries(services.map(({ name }) => [name, `sha256:${'0'.repeat(64)}`]));
const directory = mkdtempSync(join(tmpdir(), 'kyo-test-templates-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let code: Promise<string> | undefined;
const templates = new Map<string, Promise<Templates>>();

/** The functions, bundled once. */
export function builtFunctions(): Promise<string> {
  code ??= buildFunctions(join(directory, 'functions'));
  return code;
}

/** The templates of a stage, made once; those of a changed one under a name of its own. */
export function templatesOf(
  name: Stage['name'],
  change: Partial<Stage> = {},
  key: string = name,
): Promise<Templates> {
  const made = templates.get(key) ?? make({ ...stageOf(name), ...change }, key);
  templates.set(key, made);
  return made;
}

async function make(stage: Stage, key: string): Promise<Templates> {
  return readTemplates(synthesize(stage, await builtFunctions(), join(directory, key), images).directory);
}
