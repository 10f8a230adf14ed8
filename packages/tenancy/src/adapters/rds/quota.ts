import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { DescribeAccountAttributesCommand, DescribeDBSubnetGroupsCommand } from '@aws-sdk/client-rds';
import { plans } from '../../plan.ts';
import { assertRoom, type Quota } from '../../quota.ts';
import type { DatabaseReservation } from '../../tenant.ts';
import { findOwnInstance } from './instance.ts';
import type { RdsOptions } from './options.ts';

/** Limits of the account: how DescribeAccountAttributes names them, how Service Quotas does, and what a plan takes. */
const accountLimits: {
  attribute: string;
  title: string;
  takes: (reservation: DatabaseReservation) => number;
}[] = [
  { attribute: 'DBInstances', title: 'DB instances', takes: () => 1 },
  {
    attribute: 'AllocatedStorage',
    title: 'Total storage for all DB instances',
    takes: ({ plan }) => plans[plan].allocatedStorageGibibytes,
  },
  // Each erasure of a server leaves one: without room for it no more tenant can leave.
  { attribute: 'ManualSnapshots', title: 'Manual DB instance snapshots', takes: () => 0 },
];

/** Whether one more instance of this plan fits into the account and its network. @throws {OperationRefused} */
export async function checkAccountQuota(
  reservation: DatabaseReservation,
  options: RdsOptions,
): Promise<void> {
  // One that is there already is counted already.
  if (await findOwnInstance(reservation, options)) return;
  const [account, network] = await Promise.all([limitsOfAccount(options), limitsOfNetwork(options)]);
  const needs = [
    ...account.flatMap(({ quota, takes }) => {
      const amount = takes(reservation);
      return amount > 0 ? [{ quota, amount }] : [];
    }),
    // RDS chooses the subnet, and a standby takes an address in another one.
    ...network.map((quota) => ({ quota, amount: 1 })),
  ];
  assertRoom(needs, options.quotaShare);
}

export async function accountQuotas(options: RdsOptions): Promise<Quota[]> {
  const [account, network] = await Promise.all([limitsOfAccount(options), limitsOfNetwork(options)]);
  return [...account.map(({ quota }) => quota), ...network];
}

async function limitsOfAccount({ rds }: RdsOptions) {
  const { AccountQuotas = [] } = await rds.send(new DescribeAccountAttributesCommand({}));
  return accountLimits.flatMap(({ attribute, title, takes }) => {
    const found = AccountQuotas.find(({ AccountQuotaName }) => AccountQuotaName === attribute);
    if (found?.Used === undefined || found.Max === undefined) return [];
    const remedy = `An operator has to raise "${title}" of Amazon RDS in Service Quotas, or offboard a tenant.`;
    return [{ quota: { name: title, used: found.Used, limit: found.Max, remedy }, takes }];
  });
}

/** AWS keeps the first four addresses and the last one of each subnet (Amazon VPC User Guide, "Subnet sizing"). */
const reservedAddresses = 5;

async function limitsOfNetwork({ rds, ec2, subnetGroupName }: RdsOptions): Promise<Quota[]> {
  const { DBSubnetGroups = [] } = await rds.send(
    new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: subnetGroupName }),
  );
  const SubnetIds = (DBSubnetGroups[0]?.Subnets ?? []).flatMap(
    ({ SubnetIdentifier }) => SubnetIdentifier ?? [],
  );
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds }));
  return Subnets.flatMap(({ SubnetId, CidrBlock, AvailableIpAddressCount: free }) => {
    const prefix = Number(CidrBlock?.split('/')[1]);
    if (!prefix || free === undefined) return [];
    const limit = 2 ** (32 - prefix) - reservedAddresses;
    const remedy = 'An operator has to add larger subnets to the database network, or offboard a tenant.';
    return [{ name: `Addresses in ${SubnetId}`, used: limit - free, limit, remedy }];
  });
}
