import type { OperationKind } from '@kyong/contracts';
import {
  type Caller,
  type Ports,
  requestChangePlan,
  requestMove,
  requestOperation,
  requestProvision,
  requestRestore,
  requestRestoredChange,
  type Tenant,
} from '@kyong/tenancy';
import { operations } from '@kyong/tenancy/operations';
import type { Random } from '../random.ts';
import { policy, type World } from './world.ts';

const operator: Caller = { id: 'chaos', isOperator: true, sourceIp: null };

type Asked = Promise<{ outcome: string; operationId?: string }>;
type ChangeKind = Exclude<OperationKind, 'provision'>;

const seldom: ReadonlySet<ChangeKind> = new Set(['offboard', 'restore']);

/** How each kind is asked for; the compiler asks for a new one. */
const requests: Record<ChangeKind, (tenant: Tenant, ports: Ports, backUp: World['backUp']) => Asked> = {
  suspend: ({ id }, { store }) => requestOperation('suspend', id, {}, operator, store),
  resume: ({ id }, { store }) => requestOperation('resume', id, {}, operator, store),
  confirm: ({ id }, { store }) => requestOperation('confirm', id, {}, operator, store),
  'rotate-secret': ({ id }, { store }) => requestOperation('rotate-secret', id, {}, operator, store),
  offboard: ({ id }, { store }) => requestOperation('offboard', id, {}, operator, store),
  erase: ({ id }, { store }) => requestOperation('erase', id, {}, operator, store),
  move: ({ id }, { store }) => requestMove(id, undefined, operator, store),
  async restore({ id }, ports, backUp) {
    await backUp();
    return requestRestore(id, ports.now(), operator, ports);
  },
  'swap-restored': ({ id }, { store }) => requestRestoredChange('swap-restored', id, operator, store),
  'discard-restored': ({ id }, { store }) => requestRestoredChange('discard-restored', id, operator, store),
  'change-plan': ({ id, placement }, { store }) => {
    const plan = placement === 'shared' ? 'basic' : 'free';
    return requestChangePlan(id, { plan, time: 'now' }, operator, store, policy);
  },
};

/** Asks for a new tenant, in one placement or the other. */
export async function askForTenant(tenantId: string, ports: Ports, random: Random): Promise<string> {
  const plan = random() < 0.5 ? 'free' : 'basic';
  const result = await requestProvision({ tenantId, plan }, operator, ports.store, policy);
  if (result.outcome !== 'accepted') throw new Error(`${tenantId}: ${result.outcome}`);
  return result.operationId;
}

/**
 * Asks for any change that the tenant's status allows, seldom for those that end a tenant or take long; undefined when it is
 * refused.
 */
export async function askForChange(
  tenant: Tenant,
  { ports, backUp }: World,
  random: Random,
): Promise<{ kind: ChangeKind; operationId: string } | undefined> {
  const fitting = (Object.keys(requests) as ChangeKind[]).filter(
    (kind) => operations[kind].from.includes(tenant.status) && (!seldom.has(kind) || random() < 0.3),
  );
  const kind = fitting[Math.floor(random() * fitting.length)];
  if (kind === undefined) return undefined;
  const { operationId } = await requests[kind](tenant, ports, backUp);
  return operationId === undefined ? undefined : { kind, operationId };
}
