import { z } from 'zod';
import { paging } from './paging.ts';
import { text } from './plain-text.ts';

export const listAuditQuery = z.object({
  actor: text(2048).optional(),
  action: text(100).optional(),
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, 'as the page before gave it')
    .optional(),
  limit: paging.limit,
});

export const auditPage = z
  .object({
    entries: z.array(
      z.object({
        at: z.iso.datetime(),
        actor: z.string().meta({ description: 'Subject of the token' }),
        sourceIp: z.string().nullable(),
        action: z.string().meta({ example: 'suspend' }),
        tenantId: z.string(),
        operationId: z.uuid().optional(),
        refused: z
          .string()
          .optional()
          .meta({ description: 'Why it was not done: the code that was answered' }),
        detail: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'AuditPage' });
export type AuditPage = z.infer<typeof auditPage>;
