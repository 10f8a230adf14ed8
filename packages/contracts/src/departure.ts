import { z } from 'zod';

/** `manifest.json` of a tenant's export: what is in the archive, and how to know that it arrived whole. */
export const exportManifest = z.object({
  format: z.literal('kyo-export/1'),
  tenantId: z.string(),
  name: z.string(),
  exportedAt: z.iso.datetime(),
  schemaVersion: z.string().nullable(),
  serverVersion: z.string(),
  /** In the order in which they have to be applied to an empty database. */
  schema: z.array(z.object({ path: z.string(), bytes: z.int(), sha256: z.string() })),
  /** CSV with a header line, UTF-8, gzip; NULL is an empty field without quotes (PostgreSQL, "COPY": CSV format). */
  tables: z.array(
    z.object({
      table: z.string(),
      path: z.string(),
      columns: z.array(z.string()),
      rows: z.int(),
      bytes: z.int(),
      sha256: z.string(),
    }),
  ),
  /** The last number each has given out; null where it has given none. */
  sequences: z.array(z.object({ sequence: z.string(), lastValue: z.string().nullable() })),
});
export type ExportManifest = z.infer<typeof exportManifest>;

export const resourceKind = z.enum([
  'server',
  'database',
  'role',
  'secret',
  'archive',
  'snapshot',
  'replication-slot',
  'leftover-files',
]);
export type ResourceKind = z.infer<typeof resourceKind>;

const exported = z.object({
  rows: z.int(),
  bytes: z.int(),
  sha256: z.string().meta({ description: 'Of the archive as a whole' }),
  exportedAt: z.iso.datetime(),
});

export const deletionProof = z
  .object({
    erasedAt: z.iso.datetime(),
    destroyed: z
      .array(z.object({ kind: resourceKind, name: z.string() }))
      .meta({ description: 'What the tenant had, each looked for afterwards and not found' }),
    rows: z
      .record(z.string(), z.int())
      .meta({ description: 'Rows of the master database that were deleted, by table' }),
    kept: z
      .array(z.object({ kind: resourceKind, name: z.string() }))
      .meta({ description: 'What is left on purpose: the last snapshot, the archive' }),
    expiring: z
      .array(z.object({ what: z.string(), goneBy: z.iso.datetime() }))
      .default([])
      .meta({ description: 'What services remember by themselves, and when the last of it is forgotten' }),
  })
  .meta({
    id: 'DeletionProof',
    description:
      'Covers everything of the tenant but the history of what was done to it, and the backups of servers it shared with others, which hold it until they are too old.',
  });
export type DeletionProof = z.infer<typeof deletionProof>;

/** How far a tenant that leaves has got. */
export const departure = z
  .object({
    eraseAfter: z.iso.datetime().optional().meta({
      description: 'Until then the tenant can be resumed; then everything of it is destroyed',
    }),
    export: exported.optional(),
    proof: deletionProof.optional().meta({ description: 'Once everything is destroyed' }),
  })
  .meta({ id: 'Departure' });
export type Departure = z.infer<typeof departure>;

export const exportLink = exported
  .extend({
    url: z.string().meta({ description: 'Where the archive can be fetched, without a token' }),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'ExportLink' });
export type ExportLink = z.infer<typeof exportLink>;
