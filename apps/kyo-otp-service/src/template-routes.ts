import { locales, type OtpPurpose, type OtpTemplate, routes } from '@kyong/contracts';
import { isOwnDomain, measureSms, nameInMessages, type Platform, renderText, whyTooLong } from '@kyong/otp';
import {
  deleteTemplate,
  findTemplate,
  gymName,
  listTemplates,
  type StoredTemplate,
  saveTemplate,
} from '@kyong/otp/adapters/tenant-database';
import type { Pool, TenantPools } from '@kyong/postgres';
import { Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import { inOwnGym } from './tenant-access.ts';

/** What of a template the person reads. */
type Wording = Pick<OtpTemplate, 'channel' | 'purpose' | 'bodies' | 'subjects' | 'webOtpDomain'>;

/** What a tenant's codes look like. */
export type CodeShapeOf = (
  tenantId: string,
  purpose: OtpPurpose,
) => { codeLength: number; alphabet: string; lifetimeSeconds: number };

export function templateRoutes(
  app: FastifyInstance,
  { pools, platform, shapeOf }: { pools: TenantPools; platform: Platform; shapeOf: CodeShapeOf },
): void {
  /** How it reads, by locale. */
  const textsOf = async (pool: Pool, tenantId: string, template: Wording) => {
    const app = nameInMessages(await gymName(pool), tenantId);
    const values = { app, ...sampleOf(shapeOf(tenantId, template.purpose)) };
    const { channel, webOtpDomain } = template;
    return locales.flatMap((locale) => {
      const body = template.bodies[locale];
      if (body === undefined) return [];
      const wording = { body, subject: template.subjects?.[locale], webOtpDomain };
      return [{ locale, text: renderText(wording, values, { channel, locale, platform }) }];
    });
  };

  /** Adds how it reads and, for an SMS, what it is sent as. */
  const view = async (pool: Pool, tenantId: string, stored: StoredTemplate): Promise<OtpTemplate> => {
    const previews: OtpTemplate['previews'] = {};
    for (const { locale, text } of await textsOf(pool, tenantId, stored))
      previews[locale] = { text: text.body, ...(stored.channel === 'sms' && { sms: measureSms(text.body) }) };
    return { ...stored, previews };
  };

  /** @throws {Problem} `malformed_request` for what would not be sent. */
  const check = async (pool: Pool, tenantId: string, template: Wording): Promise<void> => {
    const { channel, webOtpDomain } = template;
    const errors = (await textsOf(pool, tenantId, template)).flatMap(({ locale, text }) => {
      const message = whyTooLong(channel, text);
      return message === undefined ? [] : [{ path: `body.bodies.${locale}`, message }];
    });
    if (webOtpDomain !== undefined && !isOwnDomain(webOtpDomain, tenantId, platform))
      errors.push({ path: 'body.webOtpDomain', message: ownDomain(tenantId, platform) });
    if (errors.length > 0) throw new Problem('malformed_request', { errors });
  };

  serve(app, routes.listOtpTemplates, ({ principal, query }) =>
    inOwnGym(pools, principal, async (pool, tenantId) => {
      const cursor = query.cursor && Buffer.from(query.cursor, 'base64url').toString();
      const found = await listTemplates(pool, { ...query, limit: query.limit + 1, cursor });
      const page = found.slice(0, query.limit);
      const last = found.length > page.length ? page.at(-1) : undefined;
      return {
        templates: await Promise.all(page.map((template) => view(pool, tenantId, template))),
        nextCursor: last ? Buffer.from(last.name).toString('base64url') : null,
      };
    }),
  );

  serve(app, routes.createOtpTemplate, ({ principal, body, reply }) =>
    inOwnGym(pools, principal, async (pool, tenantId) => {
      await check(pool, tenantId, body);
      const template = savedOr404(await saveTemplate(pool, body));
      reply.header('location', `${routes.createOtpTemplate.path}/${template.templateId}`);
      return view(pool, tenantId, template);
    }),
  );

  serve(app, routes.showOtpTemplate, ({ principal, params }) =>
    inOwnGym(pools, principal, async (pool, tenantId) =>
      view(pool, tenantId, savedOr404(await findTemplate(pool, params.templateId))),
    ),
  );

  serve(app, routes.replaceOtpTemplate, ({ principal, params, body }) =>
    inOwnGym(pools, principal, async (pool, tenantId) => {
      await check(pool, tenantId, body);
      return view(pool, tenantId, savedOr404(await saveTemplate(pool, body, params.templateId)));
    }),
  );

  serve(app, routes.deleteOtpTemplate, ({ principal, params }) =>
    inOwnGym(pools, principal, async (pool) => {
      if (!(await deleteTemplate(pool, params.templateId))) throw new Problem('not_found');
      return undefined;
    }),
  );
}

function savedOr404(result: StoredTemplate | 'name_taken' | undefined): StoredTemplate {
  if (result === 'name_taken') throw new Problem('template_name_taken');
  if (!result) throw new Problem('not_found');
  return result;
}

function ownDomain(tenantId: string, { host }: Platform): string {
  return host === undefined ? 'none: the platform has no domain yet' : `${host} or ${tenantId}.${host}`;
}

/** A code as long as the gym's are. */
function sampleOf({ codeLength, alphabet, lifetimeSeconds }: ReturnType<CodeShapeOf>) {
  return { code: alphabet.repeat(codeLength).slice(1, codeLength + 1), lifetimeSeconds };
}
