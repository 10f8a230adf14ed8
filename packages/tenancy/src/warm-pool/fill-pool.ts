import { OperationRefused } from '../operation.ts';
import { placementOf, plans, type TenancyPolicy } from '../plan.ts';
import type { Ports } from '../ports.ts';
import { newWarmId, type WarmDatabase, type WarmPoolSizes, warmReservation } from './warm-database.ts';

type PoolPorts = Pick<Ports, 'store' | 'hosts' | 'now'>;
/** What there should be so many of. */
type Shelf = Pick<WarmDatabase, 'plan' | 'placement' | 'variant'> & { size: number };

/** RDS is slow to make a server, and a laptop has only so many processors: tenants that wait come first. */
const atOnce = 2;
/** As long as an operation waits for a server. */
const startAtMostSeconds = 3600;

/**
 * One pass over the warm pool: goes on with what was begun, destroys what is not wanted any more, begins what is missing.
 * It may be cut off anywhere, and the next pass goes on; of several at once one does something.
 * @throws {AggregateError} of what did not work this time.
 */
export async function fillPool(ports: PoolPorts, sizes: WarmPoolSizes, policy: TenancyPolicy): Promise<void> {
  const faults: unknown[] = [];
  await ports.store.whileFillingPool(async () => {
    const items = await ports.store.findWarmDatabases();
    const shelves = await shelvesOf(sizes, ports, policy);
    const kept: WarmDatabase[] = [];
    for (const item of items) {
      const shelf = shelves.find((candidate) => isLike(item, candidate));
      const wanted =
        shelf && kept.filter((other) => isLike(other, shelf)).length < shelf.size && !isStuck(item, ports);
      if (wanted) kept.push(item);
      // One that cannot be had or does not go keeps none of the others from it.
      await (wanted ? prepare(item, ports) : drain(item, ports)).catch((error: unknown) =>
        faults.push(error),
      );
    }
    let unfinished = kept.filter(({ status }) => status !== 'ready').length;
    for (const shelf of shelves) {
      const there = kept.filter((item) => isLike(item, shelf)).length;
      for (let missing = shelf.size - there; missing > 0 && unfinished < atOnce; missing -= 1) {
        unfinished += 1;
        await begin(shelf, ports).catch((error: unknown) => faults.push(error));
      }
    }
  });
  if (faults.length > 0)
    throw new AggregateError(faults, 'The warm pool could not be filled as it should be.');
}

async function shelvesOf(
  sizes: WarmPoolSizes,
  { hosts }: PoolPorts,
  policy: TenancyPolicy,
): Promise<Shelf[]> {
  const shelves: Shelf[] = [];
  for (const plan of Object.keys(plans) as (keyof typeof plans)[]) {
    const { [plan]: size = 0 } = sizes;
    if (size === 0) continue;
    const placement = placementOf(plan, policy);
    shelves.push({ plan, placement, variant: await hosts[placement].variantOf(plan), size });
  }
  return shelves;
}

function isLike(item: WarmDatabase, { plan, placement, variant }: Shelf): boolean {
  const isSame = item.plan === plan && item.placement === placement && item.variant === variant;
  return isSame && item.status !== 'draining';
}

function isStuck({ status, createdAt }: WarmDatabase, { now }: PoolPorts): boolean {
  return status === 'starting' && now().getTime() - createdAt.getTime() > startAtMostSeconds * 1000;
}

async function begin({ plan, placement, variant }: Shelf, ports: PoolPorts): Promise<void> {
  const host = ports.hosts[placement];
  const id = newWarmId();
  const instanceId = await host.chooseInstance({ tenantId: id });
  const warm = { id, plan, placement, instanceId, variant };
  try {
    await host.checkQuota(warmReservation(warm));
  } catch (error) {
    // What room there is left is for tenants.
    if (error instanceof OperationRefused) return;
    throw error;
  }
  await prepare(await ports.store.addWarmDatabase(warm), ports);
}

/** Brings it nearer to being ready. */
async function prepare(item: WarmDatabase, ports: PoolPorts): Promise<void> {
  if (item.status === 'ready') return;
  const reservation = warmReservation(item);
  const host = ports.hosts[item.placement];
  if (item.status === 'requested') {
    await host.create(reservation).catch(async (error: unknown) => {
      if (error instanceof OperationRefused) await drain(item, ports);
      throw error;
    });
    await ports.store.setWarmStatus(item.id, 'starting');
  }
  const { state } = await host.describe(reservation);
  if (state === 'available') await ports.store.setWarmStatus(item.id, 'ready');
  if (state === 'failed' || state === 'absent') await drain(item, ports);
}

async function drain(item: WarmDatabase, ports: PoolPorts): Promise<void> {
  // From here on no tenant gets it; one that has it already keeps it.
  if (!(await ports.store.setWarmStatus(item.id, 'draining'))) return;
  await ports.hosts[item.placement].destroy(warmReservation(item), 'undo');
  await ports.store.forgetWarmDatabase(item.id);
}
