import type { Advance } from '@kyong/tenancy';
import { describe, expect, it } from 'vitest';
import { runSteps } from './run-steps.ts';
import { sweepExecutionName } from './sweep-execution-name.ts';

function steps(...outcomes: Advance[]): { advance: () => Promise<Advance>; left: () => number } {
  return {
    advance: async () => outcomes.shift() ?? { status: 'done' },
    left: () => outcomes.length,
  };
}
const now: Advance = { status: 'again', afterSeconds: 0 };

describe('one turn of the state machine', () => {
  it('runs step after step until the operation is over', async () => {
    const { advance, left } = steps(now, now, { status: 'done' });
    expect(await runSteps(advance, () => true)).toEqual({ status: 'done' });
    expect(left()).toBe(0);
  });

  it('ends where the operation has to wait, in whole seconds, one at least', async () => {
    const waits = async (afterSeconds: number) =>
      runSteps(steps(now, { status: 'again', afterSeconds }).advance, () => true);
    expect(await waits(0.2)).toEqual({ status: 'again', afterSeconds: 1 });
    expect(await waits(14.1)).toEqual({ status: 'again', afterSeconds: 15 });
    expect(await waits(1e12)).toEqual({ status: 'again', afterSeconds: 99_999_999 });
  });

  it('begins no further step when its time is up', async () => {
    const { advance, left } = steps(now, now, now);
    expect(await runSteps(advance, () => left() > 1)).toEqual({ status: 'again', afterSeconds: 1 });
    expect(left()).toBe(1);
  });
});

describe("the sweep's name for a driver", () => {
  it('is the same for a while, then another, so that no driver is doubled and none is missed', () => {
    const at = (iso: string) => sweepExecutionName('7b0f', new Date(iso));
    expect(at('2026-11-22T10:00:01Z')).toBe(at('2026-11-22T10:04:59Z'));
    expect(at('2026-11-22T10:05:00Z')).not.toBe(at('2026-11-22T10:04:59Z'));
    expect(at('2026-11-22T10:05:00Z')).toMatch(/^[\w-]{1,80}$/);
  });
});
