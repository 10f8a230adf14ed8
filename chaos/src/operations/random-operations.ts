import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AdvanceOptions,
  advance,
  fillPool,
  findDifferences,
  OperationRefused,
  type Ports,
} from '@kyong/tenancy';
import { Crash, crashingPorts } from '@kyong/tenancy/testing/crashing-ports';
import type { Fault } from '../fault.ts';
import type { Random } from '../random.ts';
import { askForChange, askForTenant } from './requests.ts';
import { policy, withControlPlane } from './world.ts';

const driver: AdvanceOptions = {
  owner: 'chaos',
  leaseSeconds: 60,
  retry: { attempts: 3, undoAttempts: 5, baseSeconds: 0, maxSeconds: 0 },
  onStepError: () => {},
};
/** More calls than most operations make: some drivers live. */
const lastCall = 60;
const lastCallOfPass = 30;
const maxWaitSeconds = 0.05;
const failingTurns = 200;

/** Whatever is done to tenants, and wherever its driver dies: in the end there is what the master database says. */
export const randomOperations: Fault = {
  name: 'random operations, their drivers dying between and inside steps',
  run: (stage) =>
    withControlPlane(stage, async (world) => {
      const { ports } = world;
      const { random, scale } = stage;
      const [operations, tenants] = scale === 'full' ? [1_000, 6] : [15, 3];
      const names = Array.from({ length: tenants }, () => '');
      const counts = { crashes: 0, made: 0, refusals: 0 };
      const kinds = new Map<string, number>();
      for (let asked = 0; asked < operations; ) {
        if (random() < 0.3 && (await fillDies(ports, random))) counts.crashes += 1;
        const place = Math.floor(random() * tenants);
        const tenant = await ports.store.findTenant(names[place] ?? '');
        const isGone = !tenant || tenant.status === 'offboarded' || tenant.status === 'failed';
        if (isGone) {
          counts.made += 1;
          names[place] = `gym-${place}-${counts.made}`;
        }
        const change = isGone
          ? { kind: 'provision', operationId: await askForTenant(names[place] ?? '', ports, random) }
          : await askForChange(tenant, world, random);
        if (!change) continue;
        const { kind, operationId } = change;
        asked += 1;
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        const chosen = random() < 0.2 ? failingSomewhere(ports, random) : ports;
        while (random() < 0.6) {
          if (await dies(operationId, chosen, random)) counts.crashes += 1;
        }
        // What must succeed is tried until it does: a world that fails for ever heals in the end.
        await drive(operationId, chosen, failingTurns).catch(() => drive(operationId, ports));
        if ((await ports.store.findOperation(operationId))?.status !== 'succeeded') counts.refusals += 1;
      }
      await fillPool(ports, {}, policy);
      const differences = await findDifferences(ports);
      const parked = (await ports.store.listTenants({ status: 'failed', limit: 1_000 })).filter(
        ({ reservation }) => reservation !== null,
      );
      const done = [...kinds].sort().map(([kind, count]) => `${count} ${kind}`);
      return {
        injected: `${counts.crashes} crashes in ${done.join(', ')}`,
        counts: {
          tenants: counts.made,
          undone: counts.refusals,
          'left for the operator': parked.length,
          differences: differences.length,
        },
        held: differences.length === 0 && parked.length === 0,
        ...(differences.length > 0 && {
          details: differences.map(({ problem, kind, name }) => `${problem} ${kind} ${name}`),
        }),
      };
    }),
};

/** Lets a driver begin that is dead after some call; whether it died before it was done. */
async function dies(operationId: string, ports: Ports, random: Random): Promise<boolean> {
  const when = random() < 0.5 ? 'before' : 'after';
  const call = Math.floor(random() * lastCall);
  try {
    await drive(operationId, crashingPorts(ports, { call, when }).ports, failingTurns);
    return false;
  } catch (error) {
    return error instanceof Crash;
  }
}

/** A pass over the warm pool, which wants other things than the last one; whether it died before it was done. */
async function fillDies(ports: Ports, random: Random): Promise<boolean> {
  const sizes = { free: Math.floor(random() * 3), basic: Math.floor(random() * 2) };
  const call = Math.floor(random() * lastCallOfPass);
  const dying = crashingPorts(ports, { call, when: random() < 0.5 ? 'before' : 'after' });
  await fillPool(dying.ports, sizes, policy).catch(() => {});
  return dying.calls() > call;
}

/** A world in which one thing that operations need does not work: they have to be undone. */
function failingSomewhere(ports: Ports, random: Random): Ports {
  const refuse = async () => {
    throw new OperationRefused('This does not work today.');
  };
  const { store, database, archives, copies } = ports;
  const worlds: Ports[] = [
    { ...ports, database: { ...database, seed: refuse } },
    { ...ports, database: { ...database, migrate: refuse } },
    { ...ports, database: { ...database, ensureRole: refuse } },
    { ...ports, database: { ...database, openRole: refuse } },
    { ...ports, archives: { ...archives, save: refuse } },
    { ...ports, copies: { ...copies, compare: refuse } },
    { ...ports, store: { ...store, switchLogin: refuse } },
  ];
  return worlds[Math.floor(random() * worlds.length)] ?? ports;
}

async function drive(operationId: string, ports: Ports, maxTurns = 5_000): Promise<void> {
  for (let turns = 0; turns < maxTurns; turns += 1) {
    const result = await advance(operationId, ports, driver);
    if (result.status === 'done') return;
    if (result.afterSeconds > 0) await sleep(Math.min(result.afterSeconds, maxWaitSeconds) * 1000);
  }
  const operation = await ports.store.findOperation(operationId);
  const step = operation?.steps.findLast(({ attempts }) => attempts > 0);
  throw new Error(
    `${operation?.kind} ${operationId} does not end: ${step?.name} ${step?.error ?? step?.detail}`,
  );
}
