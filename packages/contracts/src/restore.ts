import { z } from 'zod';

const time = z.iso.datetime({ offset: true, error: 'an RFC 3339 time such as 2026-11-21T14:05:00+08:00' });

export const restoreTenantRequest = z
  .strictObject({
    to: time.meta({
      description: 'The time to go back to: what was committed until then',
    }),
  })
  .meta({ id: 'RestoreTenantRequest', example: { to: '2026-11-21T14:05:00+08:00' } });

export const restorableWindow = z
  .object({ from: z.iso.datetime(), until: z.iso.datetime() })
  .meta({ id: 'RestorableWindow', description: 'Between these times a tenant can be had as it was' });

export type RestorableWindow = z.infer<typeof restorableWindow>;

/** The live table beside the restored one. Null where there is no such table, or nothing in it tells a time. */
export const tableComparison = z
  .object({
    table: z.string(),
    liveRows: z.int().nullable(),
    restoredRows: z.int().nullable(),
    differingRows: z
      .int()
      .meta({ description: 'Rows, by their primary key, that are other or only in one of the two' }),
    liveNewestAt: z.iso.datetime().nullable(),
    restoredNewestAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'TableComparison', description: '`…NewestAt`: the latest time in columns named `…_at`' });
export type TableComparison = z.infer<typeof tableComparison>;

export const restoreReport = z
  .object({
    restoredTo: z.iso.datetime(),
    schemaVersion: z
      .string()
      .nullable()
      .meta({ description: 'Of that time; the restored database has the newest now' }),
    comparedAt: z.iso.datetime().optional(),
    tables: z.array(tableComparison).optional(),
  })
  .meta({
    id: 'RestoreReport',
    description: 'What a swap would change. The live database runs on while it is read.',
  });
export type RestoreReport = z.infer<typeof restoreReport>;
