import { createHash } from 'node:crypto';
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Departure, ExportLink } from '@kyong/contracts';
import type { Command } from 'commander';
import type { Client } from './client.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { CommandFailed } from './failure.ts';
import { watch } from './watch.ts';

/** `kyo tenants offboard|export`: tenants that leave. */
export function addDepartureCommands(
  tenants: Command,
  { common, print, clientOf, write }: CommandContext,
): void {
  common(
    tenants
      .command('offboard')
      .description('shut a tenant out, export its data, and erase it after a grace period')
      .argument('<tenantId>'),
  )
    .option('--no-watch', 'do not wait for its end')
    .action(async (tenantId: string, options: CommonOptions & { watch: boolean }) => {
      const client = clientOf(options);
      const accepted = await client.offboard(tenantId);
      if (!options.watch) return print(options, accepted, () => `Operation ${accepted.operationId}\n`);
      const operation = await watch(client, accepted.operationId, options.json ? () => {} : write);
      const { departure } = await client.showTenant(tenantId);
      print(options, operation, () => describeOffboarding(tenantId, departure));
    });

  common(
    tenants.command('export').description('fetch the export of a tenant that leaves').argument('<tenantId>'),
  )
    .option('--output <file>', 'where to put it (TENANT.tar)')
    .action(async (tenantId: string, options: CommonOptions & { output?: string }) => {
      const file = options.output ?? `${tenantId}.tar`;
      const { rows, bytes, sha256 } = await downloadExport(clientOf(options), tenantId, file);
      print(options, { file, rows, bytes, sha256 }, () => `${file}: ${rows} rows, checksum verified.\n`);
    });
}

/** Fetches the export of a tenant that leaves; the file is there when it is whole. @throws {CommandFailed} */
async function downloadExport(client: Client, tenantId: string, output: string): Promise<ExportLink> {
  const link = await client.findExport(tenantId);
  const file = resolve(output);
  const draft = `${file}.draft`;
  const hash = createHash('sha256');
  try {
    const response = await fetch(link.url);
    if (!response.ok || !response.body) {
      throw new CommandFailed(`The export could not be fetched (status ${response.status}). Try again.`);
    }
    const hashed = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    };
    await pipeline(Readable.fromWeb(response.body), hashed, createWriteStream(draft, { mode: 0o600 }));
    if (hash.digest('hex') !== link.sha256) {
      throw new CommandFailed('What arrived is not what was exported: its checksum differs. Try again.');
    }
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  return link;
}

function describeOffboarding(tenantId: string, departure: Departure | undefined): string {
  const until = departure?.eraseAfter;
  return (
    `${tenantId} is shut out and exported.\n` +
    (until ? `Until ${until} \`kyo tenants resume ${tenantId}\` brings it back; then it is erased.\n` : '')
  );
}

/** Rows of a table: how far a tenant that leaves has got. */
export function describeDeparture({ eraseAfter, export: exported, proof }: Departure): string[][] {
  return [
    ...(exported
      ? [['export', `${exported.rows} rows, ${exported.bytes} bytes, SHA-256 ${exported.sha256}`]]
      : []),
    ...(eraseAfter && !proof ? [['erased', `after ${eraseAfter}; it can be resumed until then`]] : []),
    ...(proof
      ? [
          ['erased', proof.erasedAt],
          ...proof.destroyed.map(({ kind, name }) => ['', `${kind} ${name}: gone`]),
          ...Object.entries(proof.rows).map(([name, count]) => ['', `${count} rows of ${name}: gone`]),
          ...proof.kept.map(({ kind, name }) => ['kept', `${kind} ${name}`]),
          ...proof.expiring.map(({ what, goneBy }) => ['expires', `${what}: by ${goneBy}`]),
        ]
      : []),
  ];
}
