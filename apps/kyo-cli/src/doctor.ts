import { statfsSync } from 'node:fs';
import { type Client, createClient, findPlatform } from './client.ts';
import { CommandFailed } from './failure.ts';

export interface Finding {
  check: string;
  ok: boolean;
  detail: string;
  remedy?: string;
}

const minimumFreeGibibytes = 2;

/** Looks at everything a working laptop platform needs. Later checks are left out where they would only repeat a fault. */
export async function examine(dataDirectory: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  let client: Client;
  try {
    const target = findPlatform(dataDirectory);
    client = createClient(target);
    findings.push({ check: 'data directory', ok: true, detail: dataDirectory }, freeSpace(dataDirectory));
  } catch (error) {
    return [{ check: 'data directory', ok: false, ...explain(error) }];
  }
  try {
    const { parts } = await client.health();
    for (const [name, part] of Object.entries(parts)) {
      const ok = part.status === 'ready';
      findings.push({
        check: name,
        ok,
        detail: ok ? 'ready' : (part.detail ?? 'unavailable'),
        ...(!ok && {
          remedy:
            'It is started again within seconds; if not, look into the logs folder of the data directory.',
        }),
      });
    }
    const { tenants } = await client.listTenants({ status: 'failed' });
    const parked = tenants
      .filter((tenant) => tenant.operation?.status === 'failed')
      .map((tenant) => tenant.tenantId);
    findings.push({ check: 'operator token', ok: true, detail: 'accepted' });
    findings.push({
      check: 'operations',
      ok: parked.length === 0,
      detail: parked.length === 0 ? 'none left half-done' : `left for the operator: ${parked.join(', ')}`,
      ...(parked.length > 0 && {
        remedy: 'See `kyo tenants show ID` for the step that could not be undone.',
      }),
    });
    findings.push(...(await compare(client)));
  } catch (error) {
    findings.push({ check: 'platform', ok: false, ...explain(error) });
  }
  return findings;
}

/** Whether what there is of tenants is what the master database says. */
async function compare(client: Client): Promise<Finding[]> {
  const { differences } = await client.findDifferences();
  const check = 'servers, databases, roles, secrets, files';
  if (differences.length === 0) return [{ check, ok: true, detail: 'as the master database says' }];
  return differences.map(({ problem, kind, name, tenantId }) => ({
    check,
    ok: false,
    detail:
      problem === 'orphan'
        ? `${kind} ${name} belongs to nothing`
        : `${kind} ${name} of ${tenantId} is missing`,
    remedy:
      problem === 'orphan'
        ? '`kyo doctor --repair` removes it.'
        : `Look into the logs; \`kyo tenants restore ${tenantId}\` brings back what was in it.`,
  }));
}

/** Removes what belongs to nothing; what could not be removed says why. */
export async function repair(dataDirectory: string): Promise<Finding[]> {
  const { removed, failed } = await createClient(findPlatform(dataDirectory)).removeOrphans();
  return [
    ...removed.map(({ kind, name }) => ({ check: 'removed', ok: true, detail: `${kind} ${name}` })),
    ...failed.map(({ kind, name, reason }) => ({
      check: 'not removed',
      ok: false,
      detail: `${kind} ${name}: ${reason}`,
    })),
  ];
}

function freeSpace(directory: string): Finding {
  const { bavail, bsize } = statfsSync(directory);
  const gibibytes = (bavail * bsize) / 2 ** 30;
  const ok = gibibytes >= minimumFreeGibibytes;
  const detail = `${gibibytes.toFixed(1)} GiB free`;
  return {
    check: 'disk',
    ok,
    detail,
    ...(!ok && { remedy: `Free some space: at least ${minimumFreeGibibytes} GiB.` }),
  };
}

function explain(error: unknown): { detail: string } {
  if (!(error instanceof CommandFailed)) throw error;
  return { detail: error.message };
}
