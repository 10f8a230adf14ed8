/** Name of the superuser, the same as RDS gives the master user. */
export const superuser = 'postgres';

export interface PostgresEndpoint {
  host: '127.0.0.1';
  port: number;
  user: typeof superuser;
  password: string;
}
