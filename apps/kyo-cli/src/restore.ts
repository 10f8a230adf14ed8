import type { Operation } from '@kyong/contracts';
import { type Command, Option } from 'commander';
import type { CommandContext, CommonOptions } from './command.ts';
import { CommandFailed, exitCodes } from './failure.ts';
import { table } from './table.ts';
import { watch } from './watch.ts';

interface RestoreOptions extends CommonOptions {
  to?: string;
  swap?: boolean;
  discard?: boolean;
  watch: boolean;
}

/** `kyo tenants restore`: makes what was beside what is, then swaps the two or discards it. */
export function addRestoreCommand(tenants: Command, context: CommandContext): void {
  const { common, print, clientOf, write } = context;
  common(
    tenants
      .command('restore')
      .description('go back to a point in time, beside the live database')
      .argument('<tenantId>'),
  )
    .option('--to <time>', 'restore what the tenant had then, such as 2026-11-21T14:05:00+08:00, and compare')
    .addOption(
      new Option('--swap', 'put what was restored in the place of the live database').conflicts('to'),
    )
    .addOption(new Option('--discard', 'take away what was restored').conflicts(['to', 'swap']))
    .option('--no-watch', 'do not wait for its end')
    .action(async (tenantId: string, options: RestoreOptions) => {
      const client = clientOf(options);
      const accepted = await ask(client, tenantId, options);
      if (!options.watch) return print(options, accepted, () => `Operation ${accepted.operationId}\n`);
      const operation = await watch(client, accepted.operationId, options.json ? () => {} : write);
      print(options, operation, () => `${describeReport(operation)}${remark(tenantId, options)}\n`);
    });
}

function ask(client: ReturnType<CommandContext['clientOf']>, tenantId: string, options: RestoreOptions) {
  if (options.to !== undefined) return client.restore(tenantId, options.to);
  if (options.swap) return client.changeRestored('swap', tenantId);
  if (options.discard) return client.changeRestored('discard', tenantId);
  throw new CommandFailed('Say what to do: --to TIME, --swap or --discard.', exitCodes.usage);
}

function remark(tenantId: string, { to, swap }: RestoreOptions): string {
  if (to !== undefined) {
    return `${tenantId} lives on as it is. Next: kyo tenants restore ${tenantId} --swap, or --discard`;
  }
  return swap ? `${tenantId} lives in the restored database; the former one is kept.` : 'Discarded.';
}

/** What a restore found, table by table; empty of any other operation. */
export function describeReport({ report }: Operation): string {
  if (!report?.tables) return '';
  const rows = report.tables.map((comparison) => [
    comparison.table,
    String(comparison.liveRows ?? '-'),
    String(comparison.restoredRows ?? '-'),
    String(comparison.differingRows),
    comparison.liveNewestAt ?? '-',
    comparison.restoredNewestAt ?? '-',
  ]);
  const heading = `Restored to ${report.restoredTo} (schema ${report.schemaVersion ?? 'none'}), compared at ${report.comparedAt}\n`;
  return heading + table(['TABLE', 'LIVE', 'RESTORED', 'DIFFERING', 'NEWEST LIVE', 'NEWEST RESTORED'], rows);
}
