import { databaseWindows } from '@kyong/tenancy';
import { each, type Rule } from './rule.ts';
import { oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const instanceType = 'AWS::RDS::DBInstance';
const minutesOfDay = 24 * 60;

interface Span {
  from: number;
  minutes: number;
}

/** `15:00-15:30` or `sun:16:00-sun:16:30`, in minutes of a day; on which day of the week does not matter to a daily backup. */
function spanOf(window: string): Span {
  const [from = 0, until = 0] = [...window.matchAll(/(\d\d):(\d\d)/g)].map(
    ([, hours, minutes]) => Number(hours) * 60 + Number(minutes),
  );
  return { from, minutes: (until - from + minutesOfDay) % minutesOfDay };
}

/** Whether two spans of every day have a minute in common, over midnight too. */
function meet(one: Span, other: Span): boolean {
  const after = (a: Span, b: Span) => (b.from - a.from + minutesOfDay) % minutesOfDay;
  return after(one, other) < one.minutes || after(other, one) < other.minutes;
}

/** From an hour before a plan's backups begin until the last of them is over. */
function plannedSpans(templates: Templates): Span[] {
  return resourcesOf(templates, 'AWS::Backup::BackupPlan').flatMap(({ properties }) =>
    (properties.BackupPlan.BackupPlanRule as Properties[]).map((rule) => {
      const [minute = 0, hour = 0] = (/cron\((\d+) (\d+) /.exec(rule.ScheduleExpression) ?? [])
        .slice(1)
        .map(Number);
      return {
        from: (hour * 60 + minute - 60 + minutesOfDay) % minutesOfDay,
        minutes: 60 + rule.CompletionWindowMinutes,
      };
    }),
  );
}

function faultOf(backup: string | undefined, maintenance: string | undefined, planned: Span[]) {
  if (!backup || !maintenance) return 'draws its windows by lot';
  const spans = [spanOf(backup), spanOf(maintenance)] as const;
  if (spans.some(({ minutes }) => minutes < 30)) return 'has a window of less than half an hour';
  if (meet(...spans)) return 'is backed up while it is mended';
  if (spans.some((span) => planned.some((plan) => meet(span, plan))))
    return 'has a window in the hours of AWS Backup';
  return false;
}

export const windowRules: Rule[] = [
  {
    name: 'databases are backed up and mended outside the hours of AWS Backup, those of tenants too',
    findings: (templates) => {
      const ofTenants = {
        PreferredBackupWindow: databaseWindows.backup,
        PreferredMaintenanceWindow: databaseWindows.maintenance,
      };
      const all = [
        ...resourcesOf(templates, instanceType),
        { stack: 'provisioning', id: 'of a tenant', properties: ofTenants as Properties },
      ];
      const planned = plannedSpans(templates);
      return each(all, ({ stack, id, properties }) => {
        const { PreferredBackupWindow, PreferredMaintenanceWindow } = properties;
        const fault = faultOf(PreferredBackupWindow, PreferredMaintenanceWindow, planned);
        return fault && `${stack}/${id} ${fault}`;
      });
    },
    reintroduce: (templates) => {
      oneOf(templates, instanceType).properties.PreferredBackupWindow = '17:15-17:45';
    },
  },
];
