import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { plan as planSchema } from '@kyong/contracts';
import { z } from 'zod';
import { stageOf } from '../config/index.ts';
import { buildFunctions } from '../lib/code/index.ts';
import { stageCost } from '../lib/prices/stage-cost.ts';
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
  const lines = stageCost(readTemplates(assembly.directory));
  const perTenant = Object.fromEntries(
    planSchema.options.map((plan) => [plan, tenantMonthlyUsd(plan, stage.tenants.policy)]),
  );
  const baseUsd = lines.reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0);
  const report = {
    stage: stage.name,
    pricesAsOf,
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
  lines: { stack: string; item: string; monthlyUsd: number }[];
  perTenantUsd: Record<string, number>;
  withTenantsUsd: Record<string, number>;
}): string {
  const usd = (value: number) => value.toFixed(2).padStart(9);
  const stacks = Map.groupBy(report.lines, ({ stack }) => stack);
  const rows = [...stacks].flatMap(([stack, lines]) => [
    `${usd(lines.reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0))}  ${stack}`,
    ...lines.map(({ item, monthlyUsd }) => `${usd(monthlyUsd)}    ${item}`),
  ]);
  return [
    `USD a month for ${stage.name}, at prices of ${pricesAsOf}, before traffic, logs and requests:`,
    ...rows,
    `${usd(report.baseUsd)}  in all, without tenants`,
    ...Object.entries(report.perTenantUsd).map(
      ([plan, each]) =>
        `${usd(each)}  for each tenant of the plan ${plan}${tenants > 0 ? `;${usd(report.withTenantsUsd[plan] ?? 0)} in all with ${tenants}` : ''}`,
    ),
    '',
  ].join('\n');
}
