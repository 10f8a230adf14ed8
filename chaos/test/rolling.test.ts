import { expect, test } from 'vitest';
import { renderFinding, runFault } from '../src/fault.ts';
import { rollingFaults } from '../src/rolling/faults.ts';

// The full forms: npm run chaos -- rolling.
test.each(rollingFaults)(
  '$name, in short: no request fails',
  async (fault) => {
    const finding = await runFault(fault, { scale: 'short', seed: 1 });
    expect(finding.held, renderFinding(fault, finding)).toBe(true);
  },
  120_000,
);
