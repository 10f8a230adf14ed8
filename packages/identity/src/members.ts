import type { AccessClaims, TenantRole } from '@kyong/contracts';
import { isPerson } from './access.ts';
import type { Address } from './address.ts';
import type {
  Identity,
  MembershipChange,
  MembershipDecision,
  MembershipRefusal,
  MembershipState,
} from './ports.ts';

export type MembershipResult =
  | { outcome: 'changed'; userId: string }
  | { outcome: 'refused'; reason: MembershipRefusal };

interface Change {
  /** Who asks, as their token says. */
  actor: AccessClaims;
  /** Where they ask from, for the audit. */
  sourceIp: string | null;
  tenantId: string;
  /** Whether they proved who they are a moment ago: a stolen session must not change who owns a tenant. */
  isRecent: boolean;
}

/** Lets a person into a tenant, or gives them another role. Who had none is invited until they enter. */
export function grantRole(
  identity: Identity,
  request: Change & { to: Address; role: TenantRole },
): Promise<MembershipResult> {
  const { to, role, isRecent } = request;
  return change(identity, 'member.grant', request, to, (state) => decideGrant(state, role, isRecent));
}

/** Takes a person out of a tenant, and ends the access that their tokens still give. */
export function revokeRole(
  identity: Identity,
  request: Change & { userId: string },
): Promise<MembershipResult> {
  const { userId, isRecent } = request;
  return change(identity, 'member.revoke', request, { userId }, (state) => decideRevoke(state, isRecent));
}

/** Takes the caller out of a tenant, or out of the list of those invited. */
export async function leaveTenant(
  { store }: Identity,
  { actor, sourceIp, tenantId, isRecent }: Change,
): Promise<MembershipResult> {
  if (!isPerson(actor) || (actor.bound !== undefined && actor.bound !== tenantId))
    return { outcome: 'refused', reason: 'not_found' };
  const member = { userId: actor.sub };
  const result = await store.changeMembership(
    { tenantId, actorId: actor.sub, sourceIp, action: 'member.leave', member },
    (state) => decideLeave(state, isRecent),
  );
  return resultOf(result);
}

async function change(
  { store }: Identity,
  action: MembershipChange['action'],
  { actor, sourceIp, tenantId }: Change,
  member: Address | { userId: string },
  decide: (state: MembershipState) => MembershipDecision,
): Promise<MembershipResult> {
  const attempt = { tenantId, actorId: actor.sub, sourceIp, action };
  if (actor.tenant !== tenantId) {
    await store.recordRefusal(attempt, 'forbidden');
    return { outcome: 'refused', reason: 'forbidden' };
  }
  return resultOf(await store.changeMembership({ ...attempt, member }, decide));
}

function resultOf(result: { userId: string } | { refused: MembershipRefusal }): MembershipResult {
  if ('refused' in result) return { outcome: 'refused', reason: result.refused };
  return { outcome: 'changed', userId: result.userId };
}

function decideGrant(state: MembershipState, role: TenantRole, isRecent: boolean): MembershipDecision {
  if (!mayChange(state, role)) return refuse('forbidden');
  const { current } = state;
  const takesPower = hasPower(state) && current !== role;
  if ((takesPower || role === 'gym_owner') && !isRecent) return refuse('insufficient_user_authentication');
  if (isLastOwner(state) && role !== 'gym_owner') return refuse('last_owner');
  return { kind: 'grant', role };
}

function decideRevoke(state: MembershipState, isRecent: boolean): MembershipDecision {
  if (!mayChange(state)) return refuse('forbidden');
  if (!isRecent) return refuse('insufficient_user_authentication');
  return decideLeave(state, isRecent);
}

function decideLeave(state: MembershipState, isRecent: boolean): MembershipDecision {
  if (state.current === undefined) return refuse('not_found');
  // A stolen session must not rid a tenant of those who would throw it out.
  if (hasPower(state) && !isRecent) return refuse('insufficient_user_authentication');
  if (isLastOwner(state)) return refuse('last_owner');
  return { kind: 'revoke' };
}

/** Owners change everyone; managers everyone but owners, and make none. */
function mayChange({ actor, current }: MembershipState, role?: TenantRole): boolean {
  if (actor === 'gym_owner') return true;
  return actor === 'gym_manager' && current !== 'gym_owner' && role !== 'gym_owner';
}

const hasPower = ({ current }: MembershipState) => current === 'gym_owner' || current === 'gym_manager';

function isLastOwner({ current, otherOwners }: MembershipState): boolean {
  return current === 'gym_owner' && otherOwners === 0;
}

const refuse = (reason: MembershipRefusal): MembershipDecision => ({ kind: 'refuse', reason });
