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
  } catch (error) {
    findings.push({ check: 'platform', ok: false, ...explain(error) });
  }
  return findings;
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
