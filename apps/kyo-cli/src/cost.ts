import type { Command } from 'commander';
import { runInfrastructureCommand } from './infrastructure-command.ts';

/** What a stage costs stands in its templates: the program that makes them says it. */
export function addCostCommand(parent: Command): void {
  parent
    .command('cost')
    .description('what a stage costs a month, from its templates and a table of prices')
    .requiredOption('--stage <stage>', 'dev or prod')
    .option('--tenants <number>', 'with so many tenants', '0')
    .option('--json', 'for machines')
    .action(({ stage, tenants, json }: { stage: string; tenants: string; json?: boolean }) =>
      runInfrastructureCommand('cost', ['--stage', stage, '--tenants', tenants, ...(json ? ['--json'] : [])]),
    );
}
