import type { InputRule } from './input-rule.ts';

/** Lowest and highest value, or the values there are, of RDS for PostgreSQL 17 (`describe-engine-default-parameters`). */
const parameters: Record<string, readonly [number, number] | readonly string[]> = {
  autovacuum_max_workers: [1, 262_143],
  autovacuum_naptime: [1, 2_147_483],
  checkpoint_timeout: [30, 86_400],
  client_connection_check_interval: [0, 2_147_483_647],
  idle_in_transaction_session_timeout: [0, 2_147_483_647],
  idle_session_timeout: [0, 2_147_483_647],
  lock_timeout: [0, 2_147_483_647],
  log_autovacuum_min_duration: [-1, 2_147_483_647],
  log_connections: ['0', '1'],
  log_disconnections: ['0', '1'],
  log_lock_waits: ['0', '1'],
  log_min_duration_statement: [-1, 2_147_483_647],
  log_statement: ['none', 'ddl', 'mod', 'all'],
  maintenance_work_mem: [1_024, 2_147_483_647],
  max_connections: [6, 262_143],
  max_locks_per_transaction: [10, 2_147_483_647],
  max_replication_slots: [5, 262_143],
  max_slot_wal_keep_size: [-1, 2_147_483_647],
  max_wal_senders: [5, 262_143],
  max_worker_processes: [0, 262_143],
  password_encryption: ['md5', 'scram-sha-256'],
  'rds.accepted_password_auth_method': ['md5+scram', 'scram'],
  'rds.force_ssl': ['0', '1'],
  'rds.log_retention_period': [1_440, 10_080],
  'rds.logical_replication': ['0', '1'],
  statement_timeout: [0, 2_147_483_647],
  tcp_keepalives_idle: [0, 2_147_483_647],
  work_mem: [64, 2_147_483_647],
};
/** `{DBInstanceClassMemory/9531392}` and the like: RDS reckons it. */
const isFormula = (value: string) => value.includes('{');

export const rdsParameterInput: InputRule[] = [
  {
    name: 'parameters of databases exist, and have values that RDS takes',
    type: 'AWS::RDS::DBParameterGroup',
    refuses: ({ Parameters = {} }) => {
      for (const [name, given] of Object.entries(Parameters)) {
        const allowed = parameters[name];
        const value = String(given);
        if (!allowed)
          return `Could not find parameter with name: ${name} (known ones are in rds-parameters.ts)`;
        const [lowest, highest] = allowed;
        const fits =
          isFormula(value) ||
          (typeof lowest === 'number'
            ? Number(value) >= lowest && Number(value) <= Number(highest)
            : (allowed as readonly string[]).includes(value));
        if (!fits)
          return `Invalid parameter value: ${value} for: ${name} allowed values are: ${allowed.join('-')}`;
      }
      return undefined;
    },
    fault: { Parameters: { 'rds.force_ssl': '1', 'rds.log_retention_period': '20160' } },
  },
];
