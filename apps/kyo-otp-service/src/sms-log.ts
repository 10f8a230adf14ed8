import type { SmsLog } from '@kyong/otp';
import { countSms } from '@kyong/otp/adapters/tenant-database';
import type { TenantPools } from '@kyong/postgres';
import type { Logger } from '@kyong/service-kit';

/** The logs in the tenants' databases, of which one or the other may be away. */
export function tenantSmsLog(pools: TenantPools, logger: Logger): SmsLog {
  return {
    async countSince(tenantId, from) {
      try {
        return await pools.use(tenantId, (pool) => countSms(pool, from));
      } catch (err) {
        logger.warn({ err, tenantId }, 'budget not compared with the log');
        return undefined;
      }
    },
  };
}
