import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { renderFinding, runFault } from '../src/fault.ts';
import { httpFaults } from '../src/http/faults.ts';

// All of them, in full: npm run chaos -- http.
test.each(httpFaults)(
  '$name, in short',
  async (fault) => {
    const seed = randomInt(2 ** 31);
    const finding = await runFault(fault, { scale: 'short', seed });
    expect(finding.held, `seed ${seed}\n${renderFinding(fault, finding)}`).toBe(true);
  },
  120_000,
);
