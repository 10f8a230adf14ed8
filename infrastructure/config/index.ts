import { dev } from './dev.ts';
import { prod } from './prod.ts';
import type { Stage } from './stage.ts';

export type { DatabaseSize, Stage } from './stage.ts';

const stages: Record<Stage['name'], Stage> = { dev, prod };

/** Those that may share an account. */
export const stageNames = Object.keys(stages) as Stage['name'][];

/** @throws {RangeError} that names the stages there are. */
export function stageOf(name: unknown): Stage {
  const stage = Object.values(stages).find((candidate) => candidate.name === name);
  if (stage) return stage;
  const names = Object.keys(stages).join(' or ');
  throw new RangeError(`Say which stage: -c stage=${names}${name === undefined ? '' : ` (not "${name}")`}.`);
}
