import { z } from 'zod';
import { channel, otpPurpose } from './otp.ts';
import { paging, pagingInBody } from './paging.ts';
import { filledText } from './plain-text.ts';

/** In order: of two reports about one send the later in this list holds, whichever came first. */
export const otpLogStatus = z
  .enum(['queued', 'expired', 'failed', 'sent', 'undelivered', 'delivered', 'verified'])
  .meta({
    id: 'OtpLogStatus',
    description:
      '`queued`: no provider has taken it yet, it is tried again · `expired`, `failed`: never sent · `sent`: a provider ' +
      'took it · `undelivered`, `delivered`: what the provider reported later · `verified`: the code was used',
  });
export type OtpLogStatus = z.infer<typeof otpLogStatus>;

export const money = z
  .object({ amount: z.number(), currency: z.string().length(3).meta({ description: 'ISO 4217' }) })
  .meta({ id: 'Money' });
export type Money = z.infer<typeof money>;

export const otpLogEntry = z
  .object({
    reference: z.uuid().meta({ description: 'The send. Not its requestId: it verifies nothing' }),
    status: otpLogStatus,
    channel,
    purpose: otpPurpose,
    recipient: z.string().meta({ description: 'Masked' }),
    template: z
      .string()
      .nullable()
      .meta({ description: 'Name of the template used; null for the platform’s own words' }),
    provider: z.string().nullable(),
    providerMessageId: z.string().nullable(),
    attempts: z.int(),
    segments: z.int().nullable(),
    cost: money.nullable().meta({ description: 'Where the provider says so' }),
    failure: z.string().nullable().meta({ description: 'A stable word, such as `recipient_refused`' }),
    requestedAt: z.iso.datetime(),
    sentAt: z.iso.datetime().nullable(),
    deliveredAt: z.iso.datetime().nullable(),
    verifiedAt: z.iso.datetime().nullable(),
  })
  .meta({
    id: 'OtpLogEntry',
    example: {
      reference: '6f1d2c3b-4a5e-8f60-9b7c-8d9e0f1a2b3c',
      status: 'verified',
      channel: 'sms',
      purpose: 'login',
      recipient: '+886912***678',
      template: 'Iron Temple sign-in',
      provider: 'mitake',
      providerMessageId: '0000000010',
      attempts: 1,
      segments: 1,
      cost: { amount: 0.9, currency: 'TWD' },
      failure: null,
      requestedAt: '2026-01-01T02:00:00.000Z',
      sentAt: '2026-01-01T02:00:00.400Z',
      deliveredAt: '2026-01-01T02:00:03.000Z',
      verifiedAt: '2026-01-01T02:00:21.000Z',
    },
  });
export type OtpLogEntry = z.infer<typeof otpLogEntry>;

const period = {
  from: z.iso.datetime({ offset: true }).optional().meta({ description: 'Requested then or later' }),
  to: z.iso.datetime({ offset: true }).optional().meta({ description: 'Requested before then' }),
  channel: channel.optional(),
};

export const otpLogQuery = z.object({
  ...period,
  status: otpLogStatus.optional(),
  q: filledText(254)
    .regex(/^(?:[^@]*|[^*]*\*.*)$/s, 'an address belongs in no URL: POST /api/otp/log/search takes it')
    .regex(
      /^(?![\p{Nd}\s+\uFF0B()-]{8,}$)/u,
      'what may be a phone number belongs in no URL: POST /api/otp/log/search takes it',
    )
    .optional()
    .meta({
      description:
        'Part of a masked address, a requestId, a reference or a provider’s message id. URLs are kept in logs: what is an ' +
        'address, or only digits, eight or more, is refused here and found with `POST /api/otp/log/search`',
    }),
  ...paging,
});
/** The same where no log of a proxy keeps it. */
export const otpLogSearch = z
  .strictObject({
    ...otpLogQuery.shape,
    q: filledText(254).optional().meta({
      description:
        'A whole address, part of a masked one, a requestId, a reference or a provider’s message id',
    }),
    ...pagingInBody,
  })
  .meta({ id: 'OtpLogSearch', example: { q: '+886912345678', status: 'undelivered' } });
export type OtpLogQuery = z.infer<typeof otpLogQuery>;

export const otpLogPage = z
  .object({ entries: z.array(otpLogEntry), nextCursor: z.string().nullable() })
  .meta({ id: 'OtpLogPage' });
export type OtpLogPage = z.infer<typeof otpLogPage>;

export const otpLogSummaryQuery = z.object(period);
export type OtpLogSummaryQuery = z.infer<typeof otpLogSummaryQuery>;

const counts = z
  .object(
    Object.fromEntries(otpLogStatus.options.map((status) => [status, z.int()])) as Record<
      OtpLogStatus,
      z.ZodInt
    >,
  )
  .meta({ id: 'OtpLogCounts' });

export const otpLogSummary = z
  .object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    total: z.int(),
    byStatus: counts,
    conversion: z
      .number()
      .nullable()
      .meta({ description: 'Verified among those a provider took, 0 to 1; null for none' }),
    costs: z.array(money).meta({ description: 'One a currency' }),
    days: z.array(
      z.object({
        day: z.iso.date().meta({ description: 'In the gym’s time zone' }),
        total: z.int(),
        verified: z.int(),
        failed: z.int().meta({ description: 'failed, expired and undelivered' }),
      }),
    ),
  })
  .meta({
    id: 'OtpLogSummary',
    example: {
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-01-31T00:00:00.000Z',
      total: 4,
      byStatus: { queued: 0, expired: 0, failed: 1, sent: 0, undelivered: 0, delivered: 1, verified: 2 },
      conversion: 0.6667,
      costs: [{ amount: 3.6, currency: 'TWD' }],
      days: [{ day: '2026-01-01', total: 4, verified: 2, failed: 1 }],
    },
  });
export type OtpLogSummary = z.infer<typeof otpLogSummary>;
