import { DescribeAccountAttributesCommand } from '@aws-sdk/client-rds';
import { OperationRefused } from '../../operation.ts';
import { plans } from '../../plan.ts';
import type { DatabaseReservation } from '../../tenant.ts';
import { findOwnInstance } from './instance.ts';
import type { RdsOptions } from './options.ts';

/** Whether one more instance of this plan fits into the account. @throws {OperationRefused} */
export async function checkAccountQuota(
  reservation: DatabaseReservation,
  options: RdsOptions,
): Promise<void> {
  // One that is there already is counted already.
  if (await findOwnInstance(reservation, options)) return;

  // As DescribeAccountAttributes names them, and as Service Quotas does.
  const needs = [
    { name: 'DBInstances', amount: 1, title: 'DB instances' },
    {
      name: 'AllocatedStorage',
      amount: plans[reservation.plan].allocatedStorageGibibytes,
      title: 'Total storage for all DB instances',
    },
  ];
  const { AccountQuotas = [] } = await options.rds.send(new DescribeAccountAttributesCommand({}));
  for (const { name, amount, title } of needs) {
    const quota = AccountQuotas.find(({ AccountQuotaName }) => AccountQuotaName === name);
    if (quota?.Used === undefined || quota.Max === undefined) continue;
    if (quota.Used + amount <= quota.Max * options.quotaShare) continue;
    const percent = Math.round(options.quotaShare * 100);
    throw new OperationRefused(
      `There is no room for another database server: with it ${quota.Used + amount} of ${quota.Max} would be used, and ${percent} % is the most the platform uses. ` +
        `An operator has to raise "${title}" of Amazon RDS in Service Quotas, or offboard a tenant.`,
    );
  }
}
