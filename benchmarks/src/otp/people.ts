import { createPool } from '@kyong/postgres';

/** What our peers are told to send, so that the load knows it. Ours draws its codes, and the load reads the queue. */
export const fixedCode = '123456';

/** The address of a person everybody knows already: most sign-ins are not the first. */
export const addressOf = (person: number) => `person${person}@example.com`;

/** Everybody comes from a place of their own (198.18.0.0/15 and beyond, RFC 2544). */
export const networkOf = (person: number) =>
  [198, 18 + (person >> 16), (person >> 8) % 256, person % 256].join('.');

const ours = `
  INSERT INTO users (id) SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid FROM generate_series(0, $1) n`;
const ourAddresses = `
  INSERT INTO user_addresses (address, channel, user_id)
  SELECT 'person' || n || '@example.com', 'email', ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid
  FROM generate_series(0, $1) n`;
const theirs = `
  INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
  SELECT 'u' || n, '', 'person' || n || '@example.com', true, now(), now() FROM generate_series(0, $1) n`;

/** Puts `count` people into a database of ours or of better-auth. */
export async function addPeople(databaseUrl: string, whose: 'ours' | 'theirs', count: number): Promise<void> {
  const pool = createPool(
    { connectionString: databaseUrl },
    { maxConnections: 1, idleTimeoutSeconds: 1 },
    () => {},
  );
  for (const statement of whose === 'ours' ? [ours, ourAddresses] : [theirs])
    await pool.query(statement, [count]);
  await pool.query('ANALYZE');
  await pool.end();
}
