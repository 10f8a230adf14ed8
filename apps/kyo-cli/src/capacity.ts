import type { Quota } from '@kyong/contracts';
import type { Command } from 'commander';
import type { CommandContext, CommonOptions } from './command.ts';
import { CommandFailed } from './failure.ts';
import { table } from './table.ts';
import { inspect } from './watch.ts';

/** `kyo quota`, `kyo pool` and `kyo plans`: what there is room for, what is prepared ahead, and what it costs. */
export function addCapacityCommands(program: Command, { common, print, clientOf }: CommandContext): void {
  common(program.command('quota').description('what there is only so much of, and how much is used')).action(
    async (options: CommonOptions) => {
      const list = await inspect(clientOf(options), 'quotas');
      print(options, list, () => describeQuotas(list.quotas));
      const exhausted = list.quotas.filter(({ level }) => level === 'exhausted');
      if (exhausted.length > 0) {
        throw new CommandFailed(`No room left: ${exhausted.map(({ name }) => name).join(', ')}.`);
      }
    },
  );

  common(program.command('pool').description('databases prepared ahead, and what they cost a month')).action(
    async (options: CommonOptions) => {
      const pool = await clientOf(options).showWarmPool();
      print(options, pool, () => {
        const rows = pool.databases.map(({ placement, variant, status, createdAt, monthlyPrice }) => [
          status,
          placement,
          variant,
          createdAt,
          monthlyPrice.total.toFixed(2),
        ]);
        const list = table(['STATUS', 'PLACEMENT', 'VARIANT', 'SINCE', 'USD A MONTH'], rows);
        return `${list}${pool.databases.length} databases, ${pool.monthlyTotal.toFixed(2)} USD a month.\n`;
      });
    },
  );

  common(program.command('plans').description('the plans, and what a tenant of each costs a month')).action(
    async (options: CommonOptions) => {
      const list = await clientOf(options).listPlans();
      print(options, list, () => {
        const rows = list.plans.map(({ plan, placement, monthlyPrice }) => [
          plan,
          placement,
          ...[monthlyPrice.compute, monthlyPrice.storage, monthlyPrice.secrets, monthlyPrice.total].map(
            (usd) => usd.toFixed(2),
          ),
        ]);
        const price = list.plans[0]?.monthlyPrice;
        const remark = price?.estimated ? ', partly estimated' : '';
        return `${table(['PLAN', 'PLACEMENT', 'COMPUTE', 'STORAGE', 'SECRETS', 'USD A MONTH'], rows)}On demand in ${price?.region}, ${price?.asOf}${remark}.\n`;
      });
    },
  );
}

const marks: Record<Quota['level'], string> = { ok: '✓', warning: '!', exhausted: '✗' };

function describeQuotas(quotas: Quota[]): string {
  const rows = quotas.map(({ name, used, limit, level }) => [
    `${marks[level]} ${name}`,
    String(used),
    String(limit),
    level,
  ]);
  const remedies = quotas.flatMap(({ name, level, remedy }) =>
    level === 'ok' ? [] : `→ ${name}: ${remedy}\n`,
  );
  return table(['QUOTA', 'USED', 'LIMIT', ''], rows) + remedies.join('');
}
