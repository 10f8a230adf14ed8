import type { DriftPage, SchemaDifference, TenantDrift } from '@kyong/contracts';
import type { Ports } from '../ports.ts';
import type { Tenant } from '../tenant.ts';
import type { SchemaObject, TenantSchema } from './migration.ts';

/** Databases that are looked into at one time. */
const concurrency = 8;

/** Few enough that a page of them is looked into within a call of a function, and fits into an answer. */
const pageSize = 50;

interface DriftPorts {
  hosts: Ports['hosts'];
  schema: Pick<TenantSchema, 'expected' | 'inspect'>;
}

/** How the databases of a page of tenants, those after this one, differ from what their versions should be. */
export async function findDriftPage(
  after: string | undefined,
  { store, ...ports }: DriftPorts & Pick<Ports, 'store'>,
): Promise<DriftPage> {
  // One more than a page tells whether there is another.
  const tenants = await store.listTenants({ limit: pageSize + 1, ...(after !== undefined && { after }) });
  const page = tenants.slice(0, pageSize);
  const withDatabase = page.filter(({ schemaVersion, reservation }) => schemaVersion && reservation);
  return {
    tenants: await findDrift(withDatabase, ports),
    nextCursor: tenants.length > pageSize ? (page.at(-1)?.id ?? null) : null,
  };
}

/** How the databases of these tenants differ from what their versions should be. */
export async function findDrift(tenants: Tenant[], ports: DriftPorts): Promise<TenantDrift[]> {
  const found: TenantDrift[] = new Array(tenants.length);
  let next = 0;
  const work = async () => {
    for (let index = next++; index < tenants.length; index = next++) {
      const tenant = tenants[index];
      if (tenant) found[index] = await driftOf(tenant, ports);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return found;
}

async function driftOf(
  { id: tenantId, reservation }: Tenant,
  { hosts, schema }: DriftPorts,
): Promise<TenantDrift> {
  const nothing = { tenantId, version: null, differences: [] };
  if (!reservation) return { ...nothing, error: 'It has no database.' };
  let actual: Awaited<ReturnType<TenantSchema['inspect']>>;
  try {
    actual = await schema.inspect(await hosts[reservation.placement].adminConnection(reservation));
  } catch {
    return { ...nothing, error: 'Its database does not answer.' };
  }
  const { version, objects } = actual;
  const expected = version === null ? undefined : await schema.expected(version);
  if (!expected) return { ...nothing, version, error: 'Its version is none that this platform knows.' };
  return { tenantId, version, differences: compareSchemas(expected, objects) };
}

/** What is missing, what is there and should not be, and what is there in another form. */
export function compareSchemas(expected: SchemaObject[], actual: SchemaObject[]): SchemaDifference[] {
  const keyOf = ({ kind, name }: SchemaObject) => `${kind} ${name}`;
  const found = new Map(actual.map((object) => [keyOf(object), object]));
  const wanted = new Set(expected.map(keyOf));
  const differences = expected.flatMap((object): SchemaDifference[] => {
    const { kind, name, definition } = object;
    const other = found.get(keyOf(object));
    if (!other) return [{ difference: 'missing', kind, name, expected: definition }];
    if (other.definition === definition) return [];
    return [{ difference: 'changed', kind, name, expected: definition, actual: other.definition }];
  });
  const unexpected = actual.filter((object) => !wanted.has(keyOf(object)));
  return [
    ...differences,
    ...unexpected.map(({ kind, name, definition }) => ({
      difference: 'unexpected' as const,
      kind,
      name,
      actual: definition,
    })),
  ];
}
