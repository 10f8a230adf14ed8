import { createHash } from 'node:crypto';
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Departure, ExportLink } from '@kyong/contracts';
import type { Client } from './client.ts';
import { CommandFailed } from './failure.ts';

/** Fetches the export of a tenant that leaves; the file is there when it is whole. @throws {CommandFailed} */
export async function downloadExport(client: Client, tenantId: string, output: string): Promise<ExportLink> {
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

export function describeOffboarding(tenantId: string, departure: Departure | undefined): string {
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
        ]
      : []),
  ];
}
