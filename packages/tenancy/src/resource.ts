import type { ResourceKind } from '@kyong/contracts';

/** Something there is of a tenant, wherever it is. */
export interface Resource {
  kind: ResourceKind;
  /** Unique among those of its kind: with its server in front, where it is in one. */
  name: string;
  /** Whose it is, by its name or its tags. */
  tenantId: string;
}
