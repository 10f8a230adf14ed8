import type { Locale } from '@kyong/contracts';
import type { Pool } from '@kyong/postgres';
import type { GymWording, MessageKind, TemplateReader } from '../../template.ts';
import type { TenantDatabases } from './log.ts';

/** For the sending of codes. A tenant that does not exist has no words, which is nobody's fault. */
export function tenantTemplates({ pools, isUnknown }: TenantDatabases): TemplateReader {
  return {
    find: (tenantId, kind) =>
      pools
        .use(tenantId, (pool) => findWording(pool, kind))
        .catch((error: unknown) => {
          if (isUnknown(error)) return undefined;
          throw error;
        }),
  };
}

interface Row {
  app: string;
  name: string | null;
  bodies: Partial<Record<Locale, string>> | null;
  subjects: Partial<Record<Locale, string>> | null;
  web_otp_domain: string | null;
}

async function findWording(
  pool: Pool,
  { channel, purpose, locale }: MessageKind,
): Promise<GymWording | undefined> {
  const { rows } = await pool.query<Row>(
    `SELECT gym.name AS app, t.name, t.bodies, t.subjects, t.web_otp_domain
     FROM gym LEFT JOIN otp_templates t ON t.active AND t.channel = $1 AND t.purpose = $2`,
    [channel, purpose],
  );
  const [row] = rows;
  const body = row?.bodies?.[locale];
  if (!row || body === undefined) return row && { app: row.app };
  return {
    app: row.app,
    template: row.name ?? undefined,
    body,
    subject: row.subjects?.[locale],
    webOtpDomain: row.web_otp_domain ?? undefined,
  };
}

/** What stands for `{app}` in a gym's messages. */
export async function gymName(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM gym');
  return rows[0]?.name ?? '';
}
