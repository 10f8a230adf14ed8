import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Fault, renderFinding, runFault } from '../src/fault.ts';

/** A test for each fault in its short form; the seed is told when it does not hold. */
export function testInShort(faults: readonly Fault[]): void {
  test.each([...faults])('$name, in short', async (fault) => {
    const seed = randomInt(2 ** 31);
    const finding = await runFault(fault, { scale: 'short', seed });
    expect(finding.held, `seed ${seed}\n${renderFinding(fault, finding)}`).toBe(true);
  });
}
