import { statfsSync } from 'node:fs';
import { type Client, createClient } from './client.ts';
import { CommandFailed } from './failure.ts';
import { findTarget } from './find-target.ts';
import type { Finding } from './finding.ts';
import { smoke } from './smoke.ts';
import type { TargetOptions } from './target.ts';
import { inspect } from './watch.ts';

const minimumFreeGibibytes = 2;

/** Looks at everything a working platform needs. Later checks are left out where they would only repeat a fault. */
export async function examine(options: TargetOptions): Promise<Finding[]> {
  const platform = options.stage === undefined ? 'data directory' : 'stage';
  try {
    const { url } = await findTarget(options);
    const found = { check: platform, ok: true, detail: options.stage ?? options.dataDir };
    const parts =
      options.stage === undefined ? [freeSpace(options.dataDir)] : await smoke(url, { withinSeconds: 0 });
    return [found, ...parts, ...(await ask(createClient(options), options))];
  } catch (error) {
    return [{ check: platform, ok: false, ...explain(error) }];
  }
}

/** What only the running platform knows of itself. */
async function ask(client: Client, { stage }: TargetOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    if (stage === undefined) findings.push(...(await localParts(client)));
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

/** On AWS the load balancer asks the parts, and alarms tell of them. */
async function localParts(client: Client): Promise<Finding[]> {
  const { parts } = await client.health();
  // Of the disk we know more than whether it has room for new work: see `freeSpace`.
  const { disk: _, ...others } = parts;
  return Object.entries(others).map(([name, part]) => {
    const ok = part.status === 'ready';
    return {
      check: name,
      ok,
      detail: ok ? 'ready' : (part.detail ?? 'unavailable'),
      ...(!ok && {
        remedy:
          'It is started again within seconds; if not, look into the logs folder of the data directory.',
      }),
    };
  });
}

/** Whether what there is of tenants is what the master database says. */
async function compare(client: Client): Promise<Finding[]> {
  const { differences } = await inspect(client, 'differences');
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
export async function repair(client: Client): Promise<Finding[]> {
  const { removed, failed } = await inspect(client, 'repair');
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
