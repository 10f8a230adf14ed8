import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CommandFailed } from './failure.ts';

/** What a stage costs stands in its templates: the program that makes them says it. */
const program = join(import.meta.dirname, '..', '..', '..', 'infrastructure', 'commands', 'cost.ts');

export function addCostCommand(parent: Command): void {
  parent
    .command('cost')
    .description('what a stage costs a month, from its templates and a table of prices')
    .requiredOption('--stage <stage>', 'dev or prod')
    .option('--tenants <number>', 'with so many tenants', '0')
    .option('--json', 'for machines')
    .action(async ({ stage, tenants, json }: { stage: string; tenants: string; json?: boolean }) => {
      const args = ['--stage', stage, '--tenants', tenants, ...(json ? ['--json'] : [])];
      const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
      const [code] = (await once(child, 'exit')) as [number | null];
      if (code !== 0) throw new CommandFailed('');
    });
}
