import { tenantMigrations } from '@kyong/tenancy/adapters/tenant-schema';
import { createTestDatabase } from '@kyong/testing';
import { expect, test } from 'vitest';
import { countSms } from '../src/adapters/tenant-database/index.ts';

test('counts the segments of SMS, not e-mail, and none from before', async () => {
  const { pool } = await createTestDatabase(tenantMigrations);
  await pool.query(`
    INSERT INTO otp_log (reference, status, channel, purpose, recipient, recipient_hash, requested_at)
    SELECT gen_random_uuid(), 'sent', channel, 'login', '', '', requested_at::timestamptz
    FROM (VALUES ('sms', '2026-01-31T23:59:59.999Z'), ('sms', '2026-02-01T00:00:00Z'),
                 ('sms', '2026-02-02T00:00:00Z'), ('email', '2026-02-02T00:00:00Z')) AS send (channel, requested_at)`);
  expect(await countSms(pool, new Date('2026-02-01T00:00:00Z'))).toBe(2);
  await pool.query("UPDATE otp_log SET segments = 3 WHERE requested_at = '2026-02-01'");
  expect(await countSms(pool, new Date('2026-02-01T00:00:00Z'))).toBe(4);
  expect(await countSms(pool, new Date('2026-03-01T00:00:00Z'))).toBe(0);
});
