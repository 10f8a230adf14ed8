import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { plan as planSchema } from '@kyong/contracts';
import { z } from 'zod';
import { stageOf } from '../config/index.ts';
import { buildFunctions } from '../lib/code/index.ts';
import { type CostLine, freeUsd, stageCost, sumOf } from '../lib/prices/stage-cost.ts';
import { tenantMonthlyUsd } from '../lib/prices/tenant-cost.ts';
import { pricesAsOf } from '../lib/prices/tokyo.ts';
import { readTemplates } from '../lib/rules/index.ts';
import { services } from '../lib/services/index.ts';
import { synthesize } from '../lib/synthesize.ts';

// `npm run kyo -- cost --stage dev --tenants 100`: what a stage costs a month, from its templates.
const { values } = parseArgs({
  options: {
    stage: { type: 'string' },
    tenants: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const stage = stageOf(values.stage);
const tenants = z.coerce.number().int().min(0).max(100_000).parse(values.tenants);

const directory = mkdtempSync(join(tmpdir(), 'kyo-cost-'));
try {
  const code = await buildFunctions(join(directory, 'functions'));
  const images = Object.fromEntries(services.map(({ name }) => [name, `sha256:${'0'.repeat(64)}`]));
  const assembly = synthesize(stage, code, join(directory, 'templates'), images);
  const lines = stageCost(readTemplates(assembly.directory), stage.workload);
  const perTenant = Object.fromEntries(
    planSchema.options.map((plan) => [plan, tenantMonthlyUsd(plan, stage.tenants.policy)]),
  );
  const baseUsd = sumOf(lines);
  const report = {
    stage: stage.name,
    pricesAsOf,
    workload: stage.workload,
    baseUsd,
    lines,
    perTenantUsd: perTenant,
    withTenantsUsd: Object.fromEntries(
      Object.entries(perTenant).map(([plan, usd]) => [plan, baseUsd + tenants * usd]),
    ),
  };
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : text(report));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function text(report: {
  baseUsd: number;
  lines: CostLine[];
  perTenantUsd: Record<string, number>;
  withTenantsUsd: Record<string, number>;
}): string {
  const usd = (value: number) => value.toFixed(2).padStart(9);
  const sections = Map.groupBy(report.lines, ({ section }) => section);
  const rows = [...sections].flatMap(([section, lines]) => [
    `${usd(sumOf(lines))}  ${section}`,
    ...lines.map(({ item, monthlyUsd, basis }) => `${usd(monthlyUsd)}    ${item} (${basis})`),
  ]);
  const { gyms, requestsADay, operationsAMonth, deploymentsAMonth } = stage.workload;
  return [
    `USD a month for ${stage.name}, at prices of ${pricesAsOf}, with ${gyms} gyms, ${requestsADay} requests a day, ${operationsAMonth} operations and ${deploymentsAMonth} deployments a month:`,
    ...rows,
    `${usd(report.baseUsd)}  in all, without tenants' own servers; before tax`,
    `${usd(-freeUsd(report.lines))}  of it is not asked where this stage alone has what AWS gives to each account for ever`,
    ...Object.entries(report.perTenantUsd).map(
      ([plan, each]) =>
        `${usd(each)}  for each tenant of the plan ${plan}${tenants > 0 ? `;${usd(report.withTenantsUsd[plan] ?? 0)} in all with ${tenants}` : ''}`,
    ),
    '',
  ].join('\n');
}
