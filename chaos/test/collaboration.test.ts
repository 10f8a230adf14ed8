import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { killsAtTheAnswer } from '../src/collaboration/answers.ts';
import { randomSchedules, serverAndRedisKills } from '../src/collaboration/convergence.ts';
import { drains } from '../src/collaboration/delivery.ts';
import { hostileClients } from '../src/collaboration/hostile.ts';
import { crossTenantAttempts } from '../src/collaboration/isolation.ts';
import { renderFinding, runFault } from '../src/fault.ts';

// All of them, in full: npm run chaos -- collaboration.
test.each([
  randomSchedules,
  killsAtTheAnswer,
  serverAndRedisKills,
  drains,
  crossTenantAttempts,
  hostileClients,
])(
  '$name, in short',
  async (fault) => {
    const seed = randomInt(2 ** 31);
    const finding = await runFault(fault, { scale: 'short', seed });
    expect(finding.held, `seed ${seed}\n${renderFinding(fault, finding)}`).toBe(true);
  },
  120_000,
);
