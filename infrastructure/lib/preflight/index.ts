import { bootstrapCheck } from './bootstrap.ts';
import { type Check, type Finding, isDenied, type Preflight } from './check.ts';
import { databaseClassCheck } from './database-classes.ts';
import { identityCheck } from './identity.ts';
import { imageCheck } from './images.ts';
import { messageChecks } from './messages.ts';
import { placeholderCheck } from './placeholders.ts';
import { quotaChecks } from './quotas.ts';
import { regionCheck } from './region.ts';
import { serviceRoleCheck } from './service-roles.ts';
import { toolchainCheck } from './toolchain.ts';
import { zoneCheck } from './zones.ts';

export type { Check, Finding, Preflight, PreflightClients } from './check.ts';

/** What stops a deployment half-way, or makes it useless, and can be known before. Another topic is another file. */
export const checks: readonly Check[] = [
  toolchainCheck,
  regionCheck,
  placeholderCheck,
  bootstrapCheck,
  serviceRoleCheck,
  ...quotaChecks,
  zoneCheck,
  databaseClassCheck,
  imageCheck,
  ...messageChecks,
];

/** Looks at everything at once: seconds. Without an identity nothing else is asked. */
export async function runPreflight(
  preflight: Preflight,
  topics: readonly Check[] = checks,
): Promise<Finding[]> {
  const identity = await findings(identityCheck, preflight);
  if (identity.some(({ level }) => level === 'error')) return identity;
  const found = await Promise.all(topics.map((check) => findings(check, preflight)));
  return [...identity, ...found.flat()];
}

/** A role that may not look is no reason to stop: what it may do is another question. */
async function findings(check: Check, preflight: Preflight): Promise<Finding[]> {
  const found = await check.look(preflight).catch((error: Error) => [
    {
      level: 'warning' as const,
      detail: `could not be looked at (${error.name}: ${error.message})`,
      remedy: isDenied(error)
        ? 'Give this identity the permission to look, or look as an administrator: npm run kyo -- doctor --preflight --stage …'
        : 'Look again in a while.',
    },
  ]);
  return found.map((each) => ({ check: check.name, ...each }));
}

/** For people: a line each, with what to do under it. */
export function describeFinding({ check, level, detail, remedy }: Finding): string {
  const mark = { ok: '✓', warning: '!', error: '✗' }[level];
  return `${mark} ${check}: ${detail}\n${remedy === undefined ? '' : `  → ${remedy}\n`}`;
}
