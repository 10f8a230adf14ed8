import { resourcesOf, type Templates } from '../../rules/templates.ts';
import { rates } from '../tokyo.ts';
import { daysAMonth, type Workload } from '../workload.ts';
import type { Usage } from './usage.ts';

/** Of a database that changes between two backups. */
const changedShare = 0.05;
/** Images of a service that are kept, and what each adds to the layers before. */
const images = { kept: 20, gibibytes: 0.1 };

export const storage: Usage[] = [
  {
    item: 'backups, GiB',
    types: ['AWS::Backup::BackupPlan', 'AWS::RDS::DBInstance', 'AWS::ElastiCache::ReplicationGroup'],
    assumption: `what is in the databases once, and ${changedShare * 100} % of it for each backup that is kept; what RDS gives for free is not taken off`,
    units: backupGibibytes,
    usdPerUnit: rates.backupGibibyte,
  },
  {
    item: 'images, GiB',
    types: ['AWS::ECR::Repository'],
    assumption: `${images.kept} of each service at ${images.gibibytes} GiB`,
    units: (templates) =>
      images.kept * images.gibibytes * resourcesOf(templates, 'AWS::ECR::Repository').length,
    usdPerUnit: rates.imageGibibyte,
  },
  {
    item: 'files and access logs, GiB',
    types: ['AWS::S3::Bucket'],
    assumption: 'a fifth of a GiB for each gym, and one of access logs and templates',
    units: (_, { gyms }) => 1 + gyms / 5,
    usdPerUnit: rates.bucketGibibyte,
  },
];

function backupGibibytes(templates: Templates, { databaseGibibytes }: Workload): number {
  const databases = resourcesOf(templates, 'AWS::RDS::DBInstance').length * databaseGibibytes;
  const kept = resourcesOf(templates, 'AWS::Backup::BackupPlan')
    .flatMap(({ properties }) => properties.BackupPlan.BackupPlanRule)
    .map(({ RuleName, Lifecycle, CopyActions = [] }) => {
      const every = RuleName === 'daily' ? 1 : RuleName === 'weekly' ? 7 : daysAMonth;
      return (Lifecycle.DeleteAfterDays / every) * (1 + CopyActions.length);
    })
    .reduce((sum, each) => sum + each, 0);
  return databases * (1 + changedShare * kept);
}
