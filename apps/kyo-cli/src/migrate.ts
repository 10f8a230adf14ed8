import type { Migration, MigrationPlan, SchemaVersions, TenantDrift } from '@kyong/contracts';
import type { Command } from 'commander';
import type { Client } from './client.ts';
import { type CommandContext, type CommonOptions, toCount } from './command.ts';
import { CommandFailed } from './failure.ts';
import { createMigrationProgress } from './migration-progress.ts';
import { table } from './table.ts';
import { inspect, watchMigration } from './watch.ts';

interface RunOptions extends CommonOptions {
  canaries?: number | string[];
  concurrency?: number;
  maxFailures?: number;
  watch: boolean;
}

/** `kyo migrate`: the schema of all tenants at once. */
export function addMigrateCommands(program: Command, context: CommandContext): void {
  const { common, print, clientOf, write } = context;
  const migrate = program.command('migrate').description("every tenant's schema");

  common(migrate.command('plan').description('who would be migrated, and in which order'))
    .option('--canaries <names>', 'who goes first: names with commas, or how many', toCanaries)
    .action(async (options: CommonOptions & { canaries?: number | string[] }) => {
      const plan = await clientOf(options).planMigration(options.canaries);
      print(options, plan, () => describePlan(plan));
    });

  common(migrate.command('run').description('migrate every tenant; one under way is gone on with'))
    .option('--canaries <names>', 'who goes first: names with commas, or how many', toCanaries)
    .option('--concurrency <n>', 'databases at one time', toCount)
    .option('--max-failures <n>', 'more failed tenants than these halt it', toCount)
    .option('--no-watch', 'do not wait for its end')
    .action(async (options: RunOptions) => {
      const client = clientOf(options);
      const { canaries, concurrency, maxFailures } = options;
      const accepted = await client.startMigration({
        ...(canaries !== undefined && { canaries }),
        ...(concurrency !== undefined && { concurrency }),
        ...(maxFailures !== undefined && { maxFailures }),
      });
      if (!options.watch) return print(options, accepted, () => `Migration ${accepted.migrationId}\n`);
      if (!accepted.created && !options.json) write('A migration is under way already: this is it.\n');
      const progress = options.json ? () => {} : createMigrationProgress(context.terminal, write);
      const migration = await watchMigration(client, accepted.migrationId, progress);
      print(options, migration, () => describeMigration(migration));
      if (migration.status !== 'succeeded') throw new CommandFailed(verdictOf(migration));
    });

  common(migrate.command('status').description('which tenants are at which version'))
    .option('--drift', 'look into every database, and tell how it differs from its version')
    .action(async (options: CommonOptions & { drift?: boolean }) => {
      const client = clientOf(options);
      const versions = await client.showVersions();
      const drift = options.drift ? await allDrift(client) : undefined;
      print(options, { ...versions, ...(drift && { drift }) }, () =>
        [describeVersions(versions), ...(drift ? [describeDrift(drift)] : [])].join('\n'),
      );
      const odd = drift?.filter(isOdd).length ?? 0;
      if (odd > 0) throw new CommandFailed(`${odd} of ${drift?.length} databases are not as they should be.`);
    });
}

function toCanaries(text: string): number | string[] {
  return /^\d+$/.test(text) ? Number(text) : text.split(',');
}

async function allDrift(client: Client): Promise<TenantDrift[]> {
  const all: TenantDrift[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await inspect(client, 'drift', cursor ?? undefined);
    all.push(...page.tenants);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return all;
}

const isOdd = ({ differences, error }: TenantDrift) => differences.length > 0 || error !== undefined;
const shownNames = 8;

function describePlan({ targetVersion, waves }: MigrationPlan): string {
  if (waves.flat().length === 0) return `Every tenant is at ${targetVersion}.\n`;
  const rows = waves.map((tenants, wave) => {
    const rest = tenants.length - shownNames;
    const names = tenants.slice(0, shownNames).join(', ') + (rest > 0 ? `, and ${rest} more` : '');
    return [wave === 0 ? 'canaries' : `wave ${wave}`, String(tenants.length), names];
  });
  return `To ${targetVersion}:\n${table(['', 'TENANTS', ''], rows)}`;
}

function describeVersions({ newestVersion, versions, migration }: SchemaVersions): string {
  const rows = versions.map(({ version, tenants }) => [
    version ?? '-',
    String(tenants),
    version === newestVersion ? 'newest' : '',
  ]);
  const latest = migration ? `\n${verdictOf(migration)}\n${describeMigration(migration)}` : '';
  return `${table(['VERSION', 'TENANTS', ''], rows)}${latest}`;
}

function describeMigration({ failures, waiting }: Migration): string {
  const line = (mark: string) => (report: Migration['failures'][number]) =>
    `${mark} ${report.tenantId}, still at ${report.fromVersion}: ${report.reason}\n`;
  return [...failures.map(line('✗')), ...waiting.map(line('↻'))].join('');
}

function verdictOf({ status, targetVersion, tenants, reason }: Migration): string {
  const { succeeded = 0, failed = 0, pending = 0, running = 0 } = tenants;
  const rest = pending + running > 0 ? `, ${pending + running} not` : '';
  const why = reason ? ` ${reason} Mend them, then \`kyo migrate run\` goes on with the rest.` : '';
  return `Migration to ${targetVersion} ${status}: ${succeeded} migrated, ${failed} failed${rest}.${why}`;
}

function describeDrift(drift: TenantDrift[]): string {
  const odd = drift.filter(isOdd);
  if (odd.length === 0) return `All ${drift.length} databases are as their versions should be.\n`;
  return odd
    .map(({ tenantId, version, differences, error }) => {
      const lines = differences.map(({ difference, kind, name, expected, actual }) => {
        const forms = difference === 'changed' ? `: expected ${expected}, is ${actual}` : '';
        return `  ${difference} ${kind} ${name}${forms}\n`;
      });
      return `✗ ${tenantId} (${version ?? 'unknown version'})${error ? `: ${error}` : ''}\n${lines.join('')}`;
    })
    .join('');
}
