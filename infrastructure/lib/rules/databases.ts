import { each, type Rule } from './rule.ts';
import { oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const type = 'AWS::RDS::DBInstance';
const databases = (templates: Templates) => resourcesOf(templates, type);
const change = (property: string, value: unknown) => (templates: Templates) => {
  for (const { properties } of databases(templates)) properties[property] = value;
};

/** Closed by RDS to new instances since May 2026, or never to be had again. */
const closedVersions = /^(9|1[0-4])\.|^15\.([0-9]|1[0-2])$|^16\.[0-8]$|^17\.[0-4]$/;

const about = (
  name: string,
  isWrong: (properties: Properties) => boolean,
  reintroduce: (templates: Templates) => void,
): Rule => ({
  name,
  findings: (templates) =>
    each(databases(templates), ({ stack, id, properties }) => isWrong(properties) && `${stack}/${id}`),
  reintroduce,
});

export const databaseRules: Rule[] = [
  about(
    'databases have the 20 GiB that RDS wants at least',
    ({ AllocatedStorage }) => Number(AllocatedStorage) < 20,
    change('AllocatedStorage', '10'),
  ),
  about(
    'databases are of a version RDS still creates',
    ({ EngineVersion }) => closedVersions.test(`${EngineVersion}`),
    change('EngineVersion', '15.4'),
  ),
  about(
    'databases do not enrol in Extended Support',
    ({ EngineLifecycleSupport }) => EngineLifecycleSupport !== 'open-source-rds-extended-support-disabled',
    change('EngineLifecycleSupport', undefined),
  ),
  about(
    'databases are encrypted from the first day',
    ({ StorageEncrypted, KmsKeyId }) => StorageEncrypted !== true || !KmsKeyId,
    change('StorageEncrypted', undefined),
  ),
  about(
    'databases that are monitored closely say under which role',
    ({ MonitoringInterval, MonitoringRoleArn }) => Number(MonitoringInterval ?? 0) > 0 && !MonitoringRoleArn,
    change('MonitoringInterval', 60),
  ),
  about(
    'databases can be put back to a point in time',
    ({ BackupRetentionPeriod }) => !(Number(BackupRetentionPeriod) >= 1),
    change('BackupRetentionPeriod', 0),
  ),
  about(
    'databases are of a current class',
    ({ DBInstanceClass }) => /^db\.(t[12]|t3|m[1-5]|r[1-5])\./.test(DBInstanceClass),
    change('DBInstanceClass', 'db.t3.micro'),
  ),
  about(
    'databases are no address of the internet',
    ({ PubliclyAccessible }) => PubliclyAccessible !== false,
    change('PubliclyAccessible', true),
  ),
  about(
    'tags of databases are those of their snapshots',
    ({ CopyTagsToSnapshot }) => CopyTagsToSnapshot !== true,
    change('CopyTagsToSnapshot', false),
  ),
  {
    name: 'databases demand TLS',
    findings: (templates) =>
      each(
        resourcesOf(templates, 'AWS::RDS::DBParameterGroup'),
        ({ id, properties }) => properties.Parameters?.['rds.force_ssl'] !== '1' && id,
      ),
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::RDS::DBParameterGroup').properties.Parameters = {};
    },
  },
];
