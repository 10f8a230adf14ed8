import { type OtpLogQuery, routes } from '@kyong/contracts';
import { type OtpKeys, sendReference } from '@kyong/otp';
import { searchLog, summariseLog } from '@kyong/otp/adapters/tenant-database';
import type { TenantPools } from '@kyong/postgres';
import { type Principal, Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { readAddress } from './address.ts';
import { inOwnGym } from './tenant-access.ts';

const summaryDays = 30;
const dayMilliseconds = 86_400_000;

export function logRoutes(
  app: FastifyInstance,
  { pools, otpKeys, now }: { pools: TenantPools; otpKeys: OtpKeys; now: () => Date },
): void {
  const search = ({ q, cursor, ...filter }: OtpLogQuery, principal: Principal, place: 'query' | 'body') =>
    inOwnGym(pools, principal, async (pool) => {
      const found = await searchLog(pool, {
        ...filter,
        limit: filter.limit + 1,
        q: q === undefined ? undefined : termsOf(q, otpKeys),
        after: cursor === undefined ? undefined : positionOf(cursor, place),
      });
      const entries = found.slice(0, filter.limit);
      const last = found.length > entries.length ? entries.at(-1) : undefined;
      const position = last && JSON.stringify([last.requestedAt, last.reference]);
      return { entries, nextCursor: position ? Buffer.from(position).toString('base64url') : null };
    });

  serve(app, routes.listOtpLog, ({ principal, query }) => search(query, principal, 'query'));
  serve(app, routes.searchOtpLog, ({ principal, body }) => search(body, principal, 'body'));

  serve(app, routes.summariseOtpLog, ({ principal, query }) =>
    inOwnGym(pools, principal, (pool) => {
      // Up to and including this moment.
      const to = query.to === undefined ? new Date(now().getTime() + 1) : new Date(query.to);
      const from =
        query.from === undefined
          ? new Date(to.getTime() - summaryDays * dayMilliseconds)
          : new Date(query.from);
      return summariseLog(pool, { from, to, channel: query.channel });
    }),
  );
}

/** The log holds neither addresses nor requestIds: whoever has a whole one finds it by its hash. */
function termsOf(text: string, otpKeys: OtpKeys) {
  // People leave the `+` of a phone number out.
  const address = readAddress(text) ?? readAddress(`+${text}`);
  const uuid = z.uuid().safeParse(text);
  return {
    text,
    recipientHash: address && otpKeys.recipient(address.value).toString('base64url'),
    reference: uuid.success ? uuid.data : sendReference(text),
  };
}

const position = z.tuple([z.iso.datetime(), z.uuid()]);

function positionOf(cursor: string, place: 'query' | 'body'): { requestedAt: string; reference: string } {
  try {
    const [requestedAt, reference] = position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { requestedAt, reference };
  } catch (cause) {
    throw new Problem('malformed_request', {
      cause,
      errors: [{ path: `${place}.cursor`, message: 'is none of ours' }],
    });
  }
}
