import { type Operation, plan, resizeTime } from '@kyong/contracts';
import { Argument, type Command, Option } from 'commander';
import type { Client, TenantChange } from './client.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { watch } from './watch.ts';

type WatchOptions = CommonOptions & { watch: boolean };

/** `kyo tenants plan|move|confirm|suspend|resume|…`: changes to one tenant, watched to their end. */
export function addTenantChanges(tenants: Command, context: CommandContext): void {
  const { common, print, clientOf, write } = context;

  const change = (name: TenantChange | 'plan', description: string) =>
    common(tenants.command(name).description(description).argument('<tenantId>')).option(
      '--no-watch',
      'do not wait for its end',
    );

  async function follow(
    tenantId: string,
    options: WatchOptions,
    ask: (client: Client) => ReturnType<Client['change']>,
  ): Promise<void> {
    const client = clientOf(options);
    const accepted = await ask(client);
    if (!options.watch) return print(options, accepted, () => `Operation ${accepted.operationId}\n`);
    const operation = await watch(client, accepted.operationId, options.json ? () => {} : write);
    print(
      options,
      operation,
      () => `${tenantId}: ${operation.kind} ${operation.status}${pauseOf(operation)}.\n`,
    );
  }

  for (const [kind, description] of [
    ['suspend', 'shut a tenant out; its data is kept'],
    ['resume', 'let a suspended tenant back in'],
    ['rotate-secret', 'replace the password of its database, while it is in use'],
    ['confirm', 'destroy the databases a tenant has left, before their time'],
  ] as const) {
    change(kind, description).action((tenantId: string, options: WatchOptions) =>
      follow(tenantId, options, (client) => client.change(kind, tenantId)),
    );
  }

  change('plan', 'change the plan of a tenant, and its database with it, while it is in use')
    .addArgument(new Argument('<plan>').choices(plan.options))
    .addOption(
      new Option('--time <time>', 'when its own server is given another size').choices(resizeTime.options),
    )
    .action((tenantId: string, planName: string, { time, ...options }: WatchOptions & { time?: string }) =>
      follow(tenantId, options, async (client) => {
        const accepted = await client.changePlan(tenantId, {
          plan: planName,
          ...(time !== undefined && { time }),
        });
        const { from, to } = accepted.monthlyPrice;
        if (!options.json) write(`It costs about USD ${to.total} a month, and did cost USD ${from.total}.\n`);
        return accepted;
      }),
    );

  change('move', 'take a tenant to another shared server, while it is in use')
    .option('--to <instanceId>', 'the server to go to; the emptiest other one without it')
    .action((tenantId: string, { to, ...options }: WatchOptions & { to?: string }) =>
      follow(tenantId, options, (client) =>
        client.change('move', tenantId, to === undefined ? {} : { instanceId: to }),
      ),
    );
}

/** How long the tenant was shut out, where it was. */
function pauseOf({ steps }: Operation): string {
  const detail = steps.find(({ name }) => name === 'open-target')?.detail;
  return detail === undefined ? '' : `, ${detail}`;
}
