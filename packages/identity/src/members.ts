import type { AccessClaims, TenantRole } from '@kyong/contracts';
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
}

/** Lets a person into a tenant, or gives them another role. */
export function grantRole(
  identity: Identity,
  request: Change & { to: Address; role: TenantRole },
): Promise<MembershipResult> {
  return change(identity, 'member.grant', request, request.to, (state) => decideGrant(state, request.role));
}

/** Takes a person out of a tenant. Access tokens they hold are good until they expire; they get no new ones. */
export function revokeRole(
  identity: Identity,
  request: Change & { userId: string },
): Promise<MembershipResult> {
  return change(identity, 'member.revoke', request, { userId: request.userId }, decideRevoke);
}

async function change(
  { store }: Identity,
  action: MembershipChange['action'],
  { actor, sourceIp, tenantId }: Change,
  member: Address | { userId: string },
  decide: (state: MembershipState) => MembershipDecision,
): Promise<MembershipResult> {
  if (actor.tenant !== tenantId) return { outcome: 'refused', reason: 'forbidden' };
  const result = await store.changeMembership(
    { tenantId, actorId: actor.sub, sourceIp, action, member },
    decide,
  );
  if ('refused' in result) return { outcome: 'refused', reason: result.refused };
  return { outcome: 'changed', userId: result.userId };
}

function decideGrant(state: MembershipState, role: TenantRole): MembershipDecision {
  if (!mayChange(state, role)) return { kind: 'refuse', reason: 'forbidden' };
  if (isLastOwner(state) && role !== 'gym_owner') return { kind: 'refuse', reason: 'last_owner' };
  return { kind: 'grant', role };
}

function decideRevoke(state: MembershipState): MembershipDecision {
  if (!mayChange(state)) return { kind: 'refuse', reason: 'forbidden' };
  if (state.current === undefined) return { kind: 'refuse', reason: 'not_found' };
  if (isLastOwner(state)) return { kind: 'refuse', reason: 'last_owner' };
  return { kind: 'revoke' };
}

/** Owners change everyone; managers everyone but owners, and make none. */
function mayChange({ actor, current }: MembershipState, role?: TenantRole): boolean {
  if (actor === 'gym_owner') return true;
  return actor === 'gym_manager' && current !== 'gym_owner' && role !== 'gym_owner';
}

function isLastOwner({ current, owners }: MembershipState): boolean {
  return current === 'gym_owner' && owners === 1;
}
