import { plan, type Tenant, tenantStatus } from '@kyong/contracts';
import { Command, type CommanderError, Option } from 'commander';
import { addAuditCommand } from './audit.ts';
import { addCapacityCommands } from './capacity.ts';
import { createClient } from './client.ts';
import { type CommonOptions, toCount } from './command.ts';
import { addCostCommand } from './cost.ts';
import { addDepartureCommands, describeDeparture } from './departures.ts';
import { examine, repair } from './doctor.ts';
import { CommandFailed, exitCodes } from './failure.ts';
import type { Finding } from './finding.ts';
import { runInfrastructureCommand } from './infrastructure-command.ts';
import { addMigrateCommands } from './migrate.ts';
import { addPeopleCommands } from './people.ts';
import { addRestoreCommand, describeReport } from './restore.ts';
import { smoke } from './smoke.ts';
import { table } from './table.ts';
import { addTenantChanges } from './tenant-changes.ts';
import { describeStep, watch } from './watch.ts';

/** The operator's command line, `kyo`. */
export function createProgram(write: (text: string) => void, terminal: boolean): Command {
  const program = new Command('kyo')
    .description(
      "The operator's command line. Talks to the platform on this machine, or with --stage to one on AWS.",
    )
    .exitOverride((error: CommanderError) => {
      // Help and version are not failures; anything else commander stops at is a wrong call.
      throw new CommandFailed('', error.exitCode === 0 ? 0 : exitCodes.usage);
    });
  const print = (options: Pick<CommonOptions, 'json'>, value: unknown, text: () => string) =>
    write(options.json ? `${JSON.stringify(value, null, 2)}\n` : text());
  const context = { common, print, clientOf: createClient, write, terminal };

  const tenants = program.command('tenants').description('tenants, one or all');
  const operations = program.command('operations').description('what is being done to tenants');

  common(tenants.command('list').description('every tenant'))
    .addOption(new Option('--status <status>').choices(tenantStatus.options))
    .addOption(new Option('--plan <plan>').choices(plan.options))
    .option('--cursor <cursor>', 'the page after this one')
    .action(async (options: CommonOptions & { status?: string; plan?: string; cursor?: string }) => {
      const { status, plan: planName, cursor } = options;
      const page = await createClient(options).listTenants({
        ...(status && { status }),
        ...(planName && { plan: planName }),
        ...(cursor && { cursor }),
      });
      print(options, page, () => {
        const rows = page.tenants.map((tenant) => [
          tenant.tenantId,
          tenant.plan,
          tenant.placement,
          tenant.status,
          tenant.name,
        ]);
        const more = page.nextCursor ? `More: --cursor ${page.nextCursor}\n` : '';
        return table(['TENANT', 'PLAN', 'PLACEMENT', 'STATUS', 'NAME'], rows) + more;
      });
    });

  common(tenants.command('show').description('one tenant').argument('<tenantId>')).action(
    async (tenantId: string, options: CommonOptions) => {
      const tenant = await createClient(options).showTenant(tenantId);
      print(options, tenant, () => describeTenant(tenant, options));
    },
  );

  common(tenants.command('provision').description('give a new tenant its database').argument('<tenantId>'))
    .addOption(new Option('--plan <plan>').choices(plan.options).makeOptionMandatory())
    .option('--name <name>', 'the name of the gym')
    .option('--no-watch', 'do not wait for its end')
    .action(
      async (tenantId: string, options: CommonOptions & { plan: string; name?: string; watch: boolean }) => {
        const client = createClient(options);
        const accepted = await client.provision({
          tenantId,
          plan: options.plan,
          ...(options.name !== undefined && { name: options.name }),
        });
        if (!options.watch) return print(options, accepted, () => `Operation ${accepted.operationId}\n`);
        const operation = await watch(client, accepted.operationId, options.json ? () => {} : write);
        print(options, operation, () => `${tenantId} is active.\n`);
      },
    );

  addTenantChanges(tenants, context);

  addRestoreCommand(tenants, context);
  addDepartureCommands(tenants, context);
  addCostCommand(program);
  addPeopleCommands(program, context);

  common(
    operations.command('show').description('one operation and its steps').argument('<operationId>'),
  ).action(async (operationId: string, options: CommonOptions) => {
    const operation = await createClient(options).showOperation(operationId);
    print(options, operation, () =>
      [
        `${operation.kind} ${operation.tenantId}: ${operation.status}`,
        ...operation.steps.map(describeStep),
        describeReport(operation),
      ].join('\n'),
    );
  });

  common(
    operations.command('watch').description('follow an operation to its end').argument('<operationId>'),
  ).action(async (operationId: string, options: CommonOptions) => {
    const operation = await watch(createClient(options), operationId, options.json ? () => {} : write);
    print(options, operation, () => `${operation.kind} ${operation.tenantId}: ${operation.status}\n`);
  });

  common(
    operations
      .command('retry')
      .description('take up an operation that was left for the operator')
      .argument('<operationId>'),
  )
    .option('--no-watch', 'do not wait for its end')
    .action(async (operationId: string, options: CommonOptions & { watch: boolean }) => {
      const client = createClient(options);
      const accepted = await client.retryOperation(operationId);
      if (!options.watch) return print(options, accepted, () => `Operation ${accepted.operationId}\n`);
      const operation = await watch(client, operationId, options.json ? () => {} : write, 'compensated');
      print(options, operation, () => `${operation.kind} ${operation.tenantId}: ${operation.status}\n`);
    });

  addAuditCommand(program, context);
  addMigrateCommands(program, context);
  addCapacityCommands(program, context);

  const judge = (options: Pick<CommonOptions, 'json'>, findings: Finding[]) => {
    print(options, { findings }, () => findings.map(describeFinding).join(''));
    const faults = findings.filter((finding) => !finding.ok).length;
    if (faults > 0) throw new CommandFailed(`${faults} of ${findings.length} checks failed.`);
  };
  common(program.command('doctor').description('look at everything a working platform needs'))
    .option(
      '--repair',
      'remove what belongs to nothing, then look; without it, what would be removed is shown',
    )
    .option('--preflight', 'whether the stage can be deployed, as is looked at where it is not yet')
    .action(async (options: CommonOptions & { repair?: boolean; preflight?: boolean }) => {
      if (options.stage !== undefined && (options.preflight || !(await isDeployed(options.stage))))
        return runInfrastructureCommand('doctor', [
          '--stage',
          options.stage,
          ...(options.json ? ['--json'] : []),
        ]);
      const repaired = options.repair ? await repair(createClient(options)) : [];
      judge(options, [...repaired, ...(await examine(options))]);
    });
  program
    .command('smoke')
    .description('ask every part of a platform from outside, as after a deployment')
    .argument('<url>', 'where it answers')
    .option('--json', 'for machines')
    .option('--within <seconds>', 'how long the parts have to come', toCount, 60)
    .action(async (url: string, options: { json?: boolean; within: number }) =>
      judge(options, await smoke(url, { withinSeconds: options.within })),
    );
  return program;
}

async function isDeployed(stage: string): Promise<boolean> {
  // What it needs of AWS takes longer to load than most commands take.
  const { stageIsDeployed } = await import('./stage.ts');
  return stageIsDeployed(stage);
}

function common(command: Command): Command {
  return command
    .option('--json', 'for machines')
    .option('--data-dir <folder>', "the running platform's data directory", '.kyo')
    .option('--stage <stage>', 'a platform on AWS, with the credentials of this machine')
    .copyInheritedSettings(command.parent ?? command);
}

function describeFinding({ ok, check, detail, remedy }: Finding): string {
  return `${ok ? '✓' : '✗'} ${check}: ${detail}\n${remedy ? `  → ${remedy}\n` : ''}`;
}

function describeTenant(tenant: Tenant, { dataDir, stage }: CommonOptions): string {
  const { database, departure, operation } = tenant;
  const rows = [
    ['name', tenant.name],
    ['plan', `${tenant.plan} (${tenant.placement})`],
    ['status', tenant.status],
    ['region', tenant.region],
    ['schema', tenant.schemaVersion ?? '-'],
    ['created', tenant.createdAt],
    ['operation', operation ? `${operation.kind} ${operation.status} (${operation.operationId})` : '-'],
    [
      'database',
      database
        ? `${database.instanceId} at ${database.host}:${database.port}, PostgreSQL ${database.engineVersion}`
        : '-',
    ],
    ...(departure ? describeDeparture(departure) : []),
  ];
  if (tenant.restoredDatabase) {
    const { host, port, name } = tenant.restoredDatabase;
    rows.push(['restored', `${name} at ${host}:${port} (next: kyo tenants restore --swap, or --discard)`]);
  }
  for (const { instanceId, name, keepUntil } of tenant.previousDatabases ?? []) {
    rows.push(['before', `${name} on ${instanceId}, kept until ${keepUntil} (or: kyo tenants confirm)`]);
  }
  const secret = `${dataDir}/secrets/${database?.secret}.secret`;
  // A database on AWS answers inside its network alone.
  const access =
    database && stage === undefined
      ? `\nPGPASSWORD=$(cat ${secret}) psql -h ${database.host} -p ${database.port} -U ${database.role} ${database.name}\n`
      : '';
  return table([tenant.tenantId, ''], rows) + access;
}
