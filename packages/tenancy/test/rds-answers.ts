import { type Answer, errorAnswer } from './fault-proxy.ts';

/** Answers as RDS writes them (Amazon RDS API reference, version 2014-10-31; Query protocol errors). */
const namespace = 'http://rds.amazonaws.com/doc/2014-10-31/';
const metadata =
  '<ResponseMetadata><RequestId>b6f2f9a4-5d44-4a9c-8d7f-000000000000</RequestId></ResponseMetadata>';

export function result(action: string, inner: string): Answer {
  const body = `<${action}Response xmlns="${namespace}"><${action}Result>${inner}</${action}Result>${metadata}</${action}Response>`;
  return { status: 200, body };
}

const error = (code: string, message: string, status = 400) => ({ error: { code, message, status } });

export const throttled = error('Throttling', 'Rate exceeded');
export const internalFailure = error(
  'InternalFailure',
  'The request failed because of an unknown error.',
  500,
);
/** Their texts name what a tenant must not read. */
export const instanceQuotaExceeded = error('InstanceQuotaExceeded', 'Quota exceeded for db.internal');
export const storageQuotaExceeded = error('StorageQuotaExceeded', 'Allowed storage exceeded for db.internal');
export const insufficientCapacity = error(
  'InsufficientDBInstanceCapacity',
  'Not enough capacity for db.internal',
);
export const subnetsTooFew = error('DBSubnetGroupDoesNotCoverEnoughAZs', 'Too few subnets for db.internal');
export const keyNotAccessible = error('KMSKeyNotAccessibleFault', 'arn:aws:kms:eu-west-1:1:key/db.internal');

/** The instance, in another status. */
export function inStatus(status: string) {
  return {
    rewritten: (body: string) => body.replace(/<DBInstanceStatus>[^<]*</, `<DBInstanceStatus>${status}<`),
  };
}

export const fault = (code: string, message: string, status = 400): Answer =>
  errorAnswer({ code, message, status }, 'query');

/** While an instance is new RDS leaves its endpoint out. */
export const withoutEndpoint = (body: string): string => body.replace(/<Endpoint>.*?<\/Endpoint>/s, '');

export function accountAttributes(quotas: Record<string, { used: number; max: number }>): Answer {
  const entries = Object.entries(quotas).map(
    ([name, { used, max }]) =>
      `<AccountQuota><AccountQuotaName>${name}</AccountQuotaName><Used>${used}</Used><Max>${max}</Max></AccountQuota>`,
  );
  return result('DescribeAccountAttributes', `<AccountQuotas>${entries.join('')}</AccountQuotas>`);
}

export function engineVersions(versions: string[]): Answer {
  const entries = versions.map(
    (version) =>
      `<DBEngineVersion><Engine>postgres</Engine><MajorEngineVersion>${version.split('.')[0]}</MajorEngineVersion><EngineVersion>${version}</EngineVersion><Status>available</Status></DBEngineVersion>`,
  );
  return result('DescribeDBEngineVersions', `<DBEngineVersions>${entries.join('')}</DBEngineVersions>`);
}

export function subnetGroup(subnetIds: string[]): Answer {
  const subnets = subnetIds.map((id) => `<Subnet><SubnetIdentifier>${id}</SubnetIdentifier></Subnet>`);
  return result(
    'DescribeDBSubnetGroups',
    `<DBSubnetGroups><DBSubnetGroup><Subnets>${subnets.join('')}</Subnets></DBSubnetGroup></DBSubnetGroups>`,
  );
}

/** In the words of EC2's own protocol. */
export function subnets(found: Record<string, { cidr: string; free: number }>): Answer {
  const items = Object.entries(found).map(
    ([id, { cidr, free }]) =>
      `<item><subnetId>${id}</subnetId><cidrBlock>${cidr}</cidrBlock><availableIpAddressCount>${free}</availableIpAddressCount></item>`,
  );
  const namespace = 'http://ec2.amazonaws.com/doc/2016-11-15/';
  return {
    status: 200,
    body: `<DescribeSubnetsResponse xmlns="${namespace}"><requestId>1</requestId><subnetSet>${items.join('')}</subnetSet></DescribeSubnetsResponse>`,
  };
}

export function automatedBackup(instanceId: string, window?: { from: Date; until: Date }): Answer {
  if (!window) return fault('DBInstanceAutomatedBackupNotFound', 'No automated backup was found.', 404);
  const { from, until } = window;
  const times = `<EarliestTime>${from.toISOString()}</EarliestTime><LatestTime>${until.toISOString()}</LatestTime>`;
  const backup = `<DBInstanceIdentifier>${instanceId}</DBInstanceIdentifier><Status>active</Status><RestoreWindow>${times}</RestoreWindow>`;
  return result(
    'DescribeDBInstanceAutomatedBackups',
    `<DBInstanceAutomatedBackups><DBInstanceAutomatedBackup>${backup}</DBInstanceAutomatedBackup></DBInstanceAutomatedBackups>`,
  );
}
