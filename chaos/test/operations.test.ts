import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { renderFinding, runFault } from '../src/fault.ts';
import { operationFaults } from '../src/operations/faults.ts';

// The full forms: npm run chaos -- operations.
test.each(operationFaults)(
  '$name, in short',
  async (fault) => {
    const seed = randomInt(2 ** 31);
    const finding = await runFault(fault, { scale: 'short', seed });
    expect(finding.held, `seed ${seed}\n${renderFinding(fault, finding)}`).toBe(true);
  },
  180_000,
);
