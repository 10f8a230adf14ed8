import type { Policies } from './policies.ts';

/** A right that a role has, as its policy writes it, and that nothing used. */
export interface UnusedRight {
  role: string;
  action: string;
}

/** The actions in the roles' policies that are in none of the calls; patterns are used when one of theirs is. */
export function unusedRights(policies: Policies, used: { caller: string; action: string }[]): UnusedRight[] {
  const usedBy = Map.groupBy(used, ({ caller }) => caller);
  return [...policies.identity].flatMap(([role, documents]) => {
    const actions = (usedBy.get(role) ?? []).map(({ action }) => action);
    const granted = documents
      .flatMap(({ Statement }) => [Statement].flat())
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Action }) => [Action].flat() as string[]);
    return [...new Set(granted)]
      .filter((pattern) => !actions.some((action) => matches(pattern, action)))
      .map((action) => ({ role, action }));
  });
}

function matches(pattern: string, action: string): boolean {
  const text = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`, 'i').test(action);
}
