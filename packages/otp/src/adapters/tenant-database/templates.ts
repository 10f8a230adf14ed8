import type { ListOtpTemplatesQuery, OtpTemplate, OtpTemplateRequest } from '@kyong/contracts';
import { type Pool, type PoolClient, transaction } from '@kyong/postgres';

/** A template as it is kept: all but how it looks. */
export type StoredTemplate = Omit<OtpTemplate, 'previews'>;

interface Row {
  template_id: string;
  name: string;
  channel: StoredTemplate['channel'];
  purpose: StoredTemplate['purpose'];
  active: boolean;
  bodies: StoredTemplate['bodies'];
  subjects: NonNullable<StoredTemplate['subjects']> | null;
  web_otp_domain: string | null;
  created_at: Date;
  updated_at: Date;
}

/** By name, from the one after `cursor`. */
export async function listTemplates(pool: Pool, query: ListOtpTemplatesQuery): Promise<StoredTemplate[]> {
  const { rows } = await pool.query<Row>(
    `SELECT * FROM otp_templates
     WHERE ($1::text IS NULL OR channel = $1) AND ($2::text IS NULL OR purpose = $2)
       AND ($3::text IS NULL OR lower(name) > lower($3))
     ORDER BY lower(name) LIMIT $4`,
    [query.channel ?? null, query.purpose ?? null, query.cursor ?? null, query.limit],
  );
  return rows.map(toTemplate);
}

export async function findTemplate(pool: Pool, templateId: string): Promise<StoredTemplate | undefined> {
  const { rows } = await pool.query<Row>('SELECT * FROM otp_templates WHERE template_id = $1', [templateId]);
  return rows[0] && toTemplate(rows[0]);
}

/**
 * Makes a template, or puts another in the place of `templateId`. An active one takes the place of the one before.
 * @returns undefined when there is none to replace, `name_taken` when another has the name.
 */
export async function saveTemplate(
  pool: Pool,
  template: OtpTemplateRequest,
  templateId?: string,
): Promise<StoredTemplate | 'name_taken' | undefined> {
  const { name, channel, purpose, active, bodies, subjects, webOtpDomain } = template;
  const values = [name, channel, purpose, active, bodies, subjects ?? null, webOtpDomain ?? null];
  try {
    return await transaction(pool, async (client) => {
      // Of two that are made active at once, one waits here for the other.
      await client.query('LOCK TABLE otp_templates IN SHARE ROW EXCLUSIVE MODE');
      if (templateId !== undefined && !(await exists(client, templateId))) return undefined;
      if (active) {
        await client.query(
          `UPDATE otp_templates SET active = false, updated_at = now()
           WHERE active AND channel = $1 AND purpose = $2 AND template_id IS DISTINCT FROM $3`,
          [channel, purpose, templateId ?? null],
        );
      }
      const { rows } = await client.query<Row>(
        templateId === undefined ? insert : replace,
        templateId === undefined ? values : [...values, templateId],
      );
      return rows[0] && toTemplate(rows[0]);
    });
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string };
    if (code === uniqueViolation && constraint === 'otp_templates_name') return 'name_taken';
    throw error;
  }
}

/** @returns whether there was one. */
export async function deleteTemplate(pool: Pool, templateId: string): Promise<boolean> {
  const { rowCount } = await pool.query('DELETE FROM otp_templates WHERE template_id = $1', [templateId]);
  return rowCount === 1;
}

async function exists(client: PoolClient, templateId: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM otp_templates WHERE template_id = $1', [templateId]);
  return rowCount === 1;
}

const uniqueViolation = '23505';
const insert = `
  INSERT INTO otp_templates (name, channel, purpose, active, bodies, subjects, web_otp_domain)
  VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *`;
const replace = `
  UPDATE otp_templates SET name = $1, channel = $2, purpose = $3, active = $4, bodies = $5, subjects = $6,
    web_otp_domain = $7, updated_at = now()
  WHERE template_id = $8 RETURNING *`;

function toTemplate(row: Row): StoredTemplate {
  return {
    templateId: row.template_id,
    name: row.name,
    channel: row.channel,
    purpose: row.purpose,
    active: row.active,
    bodies: row.bodies,
    ...(row.subjects && { subjects: row.subjects }),
    ...(row.web_otp_domain !== null && { webOtpDomain: row.web_otp_domain }),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
