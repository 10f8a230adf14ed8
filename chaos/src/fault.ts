import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Random, seededRandom } from './random.ts';

/** Where a fault is played through: a folder of its own, which is gone afterwards. */
export interface Stage {
  directory: string;
  /** `short`: seconds, for the test suite; `full`: what the published figures are about. */
  scale: 'short' | 'full';
  random: Random;
}

export interface Finding {
  /** What was done to it, with numbers. */
  injected: string;
  /** What was counted, by name. */
  counts: Record<string, number>;
  /** Whether everything held that has to. */
  held: boolean;
  /** What did not, one by one. */
  details?: string[];
}

export const mebibyte = 2 ** 20;
/** The smallest task a service is given (infrastructure: `smallest`); of that Node takes half for its heap. */
export const smallestTaskMebibytes = 512;

export interface Fault {
  name: string;
  run: (stage: Stage) => Promise<Finding>;
}

export async function runFault(
  fault: Fault,
  { scale, seed }: { scale: Stage['scale']; seed: number },
): Promise<Finding> {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-chaos-'));
  try {
    return await fault.run({ directory, scale, random: seededRandom(seed) });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export function renderFinding({ name }: Fault, { injected, counts, held, details = [] }: Finding): string {
  const numbers = Object.entries(counts).map(([what, count]) => `${count.toLocaleString('en')} ${what}`);
  return `${held ? '✓' : '✗'} ${name}\n  injected: ${injected}\n  counted: ${numbers.join(', ')}${details.map((detail) => `\n  ${detail}`).join('')}`;
}
