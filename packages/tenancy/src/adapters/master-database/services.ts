import { escapeIdentifier, type PoolClient } from '@kyong/postgres';

/** What the role of the services may do in the master database: work with its rows, and change neither schema nor audit. */
export async function grantToServices(client: Pick<PoolClient, 'query'>, roleName: string): Promise<void> {
  const role = escapeIdentifier(roleName);
  await client.query(`
    BEGIN;
    GRANT USAGE ON SCHEMA public TO ${role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role};
    REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM ${role};
    REVOKE UPDATE, DELETE ON audit FROM ${role};
    COMMIT`);
}
