import type { Command } from 'commander';
import type { CommandContext, CommonOptions } from './command.ts';
import { table } from './table.ts';

interface AuditOptions extends CommonOptions {
  tenant?: string;
  actor?: string;
  action?: string;
  cursor?: string;
}

/** `kyo audit`: who asked for what, when and from where. */
export function addAuditCommand(program: Command, { common, print, clientOf }: CommandContext): void {
  common(program.command('audit').description('who asked for what, when and from where; newest first'))
    .option('--tenant <tenantId>', 'about one tenant')
    .option('--actor <subject>', 'by one person')
    .option('--action <action>', 'of one kind, such as suspend or member.grant')
    .option('--cursor <cursor>', 'the page after this one')
    .action(async (options: AuditOptions) => {
      const { tenant, actor, action, cursor } = options;
      const page = await clientOf(options).listAudit(tenant, {
        ...(actor !== undefined && { actor }),
        ...(action !== undefined && { action }),
        ...(cursor !== undefined && { cursor }),
      });
      print(options, page, () => {
        const rows = page.entries.map((entry) => [
          entry.at,
          entry.actor,
          entry.sourceIp ?? '-',
          entry.tenantId,
          entry.action,
          entry.refused === undefined ? 'accepted' : `refused: ${entry.refused}`,
        ]);
        const more = page.nextCursor ? `More: --cursor ${page.nextCursor}\n` : '';
        return table(['WHEN', 'WHO', 'FROM', 'TENANT', 'WHAT', ''], rows) + more;
      });
    });
}
