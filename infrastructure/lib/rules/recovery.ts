import { each, type Rule } from './rule.ts';
import { oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const planType = 'AWS::Backup::BackupPlan';
const rulesOf = (templates: Templates) =>
  resourcesOf(templates, planType).flatMap(
    ({ properties }) => properties.BackupPlan.BackupPlanRule as Properties[],
  );

/** Those of the bucket that has the folder of exports. */
const exportRulesOf = (templates: Templates) =>
  resourcesOf(templates, 'AWS::S3::Bucket').flatMap(({ properties }) =>
    ((properties.LifecycleConfiguration?.Rules ?? []) as Properties[]).filter(
      ({ Prefix }) => Prefix === 'exports/',
    ),
  );
const lifecyclesOf = (templates: Templates) =>
  resourcesOf(templates, 'AWS::Lambda::Function').flatMap(({ properties }) => {
    const lifecycle = properties.Environment?.Variables?.KYO_LIFECYCLE;
    return lifecycle ? [JSON.parse(lifecycle) as Properties] : [];
  });

export const recoveryRules: Rule[] = [
  {
    name: 'backups are of every database of the stage, those of tenants too',
    findings: (templates) =>
      each(resourcesOf(templates, 'AWS::Backup::BackupSelection'), ({ id, properties }) => {
        const { Resources = [], Conditions } = properties.BackupSelection;
        const isByTag = JSON.stringify(Conditions ?? {}).includes('aws:ResourceTag/kyo:stage');
        return (!isByTag || !JSON.stringify(Resources).includes(':db:*')) && id;
      }),
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::Backup::BackupSelection').properties.BackupSelection = {
        Resources: [{ Ref: 'Master' }],
      };
    },
  },
  {
    name: 'backups of databases go to no cold storage, which RDS has not',
    findings: (templates) =>
      each(
        rulesOf(templates),
        ({ RuleName, Lifecycle }) => Lifecycle?.MoveToColdStorageAfterDays !== undefined && RuleName,
      ),
    reintroduce: (templates) => {
      const [rule] = rulesOf(templates);
      if (rule) rule.Lifecycle = { MoveToColdStorageAfterDays: 90 };
    },
  },
  {
    name: 'where there is a vault in another region, every backup is copied to it',
    findings: (templates) =>
      'recovery-copies' in templates
        ? each(rulesOf(templates), ({ RuleName, CopyActions }) => !CopyActions?.length && RuleName)
        : [],
    reintroduce: (templates) => {
      templates['recovery-copies'] ??= { Resources: {} };
      for (const rule of rulesOf(templates)) rule.CopyActions = undefined;
    },
  },
  {
    name: 'the export of a tenant that leaves outlives its grace period, and goes some day',
    findings: (templates) => {
      const graceDays = Math.max(
        ...lifecyclesOf(templates).map((found) => found.offboardGraceSeconds / 86_400),
      );
      const rules = exportRulesOf(templates);
      if (rules.length === 0) return ['exports stay for ever'];
      return each(
        rules,
        ({ ExpirationInDays }) =>
          !(ExpirationInDays > graceDays) && `${ExpirationInDays} days, after ${graceDays} of grace`,
      );
    },
    reintroduce: (templates) => {
      for (const rule of exportRulesOf(templates)) rule.ExpirationInDays = 30;
    },
  },
  {
    // A region has room for 100 manual snapshots (Amazon RDS quotas), and each tenant that is erased leaves one.
    name: 'the last snapshots of tenants’ servers go some day',
    findings: (templates) =>
      lifecyclesOf(templates).some(({ finalSnapshotDays }) => !(finalSnapshotDays > 0))
        ? ['they stay for ever']
        : [],
    reintroduce: (templates) => {
      for (const { properties } of resourcesOf(templates, 'AWS::Lambda::Function')) {
        const { Variables } = properties.Environment;
        if (!Variables.KYO_LIFECYCLE) continue;
        const lifecycle = { ...JSON.parse(Variables.KYO_LIFECYCLE), finalSnapshotDays: null };
        Variables.KYO_LIFECYCLE = JSON.stringify(lifecycle);
      }
    },
  },
  {
    name: 'keys are changed every year',
    findings: (templates) =>
      each(
        resourcesOf(templates, 'AWS::KMS::Key'),
        ({ stack, id, properties }) => properties.EnableKeyRotation !== true && `${stack}/${id}`,
      ),
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::KMS::Key').properties.EnableKeyRotation = undefined;
    },
  },
];
