import type { DocumentRole, Role } from '@kyong/contracts';

/** Who acts: from a verified token and from nowhere else. */
export interface Actor {
  tenantId: string;
  userId: string;
  /** In the gym. */
  roles: readonly Role[];
}

const creators: ReadonlySet<Role> = new Set<Role>(['gym_owner', 'gym_manager', 'gym_staff', 'trainer']);

export function mayCreate({ roles }: Actor): boolean {
  return roles.some((role) => creators.has(role));
}

/**
 * What a person is in a document. The gym's owner owns every document, whatever was said of them, so that none is lost with
 * the one who made it; its manager does unless given another role. Null: the document is not theirs to see.
 */
export function effectiveRole(
  { roles }: Pick<Actor, 'roles'>,
  given: DocumentRole | null,
): DocumentRole | null {
  if (roles.includes('gym_owner')) return 'owner';
  return given ?? (roles.includes('gym_manager') ? 'owner' : null);
}

/** Whether every document of the gym is theirs to see unless something else was said. */
export function seesAll({ roles }: Actor): boolean {
  return roles.includes('gym_owner') || roles.includes('gym_manager');
}

export function mayEdit(role: DocumentRole): boolean {
  return role !== 'viewer';
}
