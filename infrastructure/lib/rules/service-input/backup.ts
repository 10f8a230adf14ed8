import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { listOf } from './values.ts';

const type = 'AWS::Backup::BackupPlan';
const rulesOf = ({ BackupPlan }: Properties) => listOf(BackupPlan?.BackupPlanRule);
/** AWS Backup keeps what it can go back in for this long. */
const longestContinuousDays = 35;

/** Whether the expression starts more than one job an hour. */
function isTooOften(expression: string): boolean {
  const [, minutes = '0'] = /^cron\((\S+) /.exec(expression) ?? [];
  if (!/^\d+$/.test(minutes)) return true;
  const [, count, unit = ''] = /^rate\((\d+) (\w+)\)$/.exec(expression) ?? [];
  return unit.startsWith('minute') && Number(count) < 60;
}

const plan = (rule: Properties) => ({ BackupPlan: { BackupPlanName: 'Plan', BackupPlanRule: [rule] } });

export const backupInput: InputRule[] = [
  {
    name: 'backups are an hour apart at least',
    type,
    refuses: (properties) =>
      rulesOf(properties).some(({ ScheduleExpression = 'rate(1 day)' }) => isTooOften(ScheduleExpression)) &&
      "The interval between backup jobs shouldn't be less than 60 minutes.",
    fault: plan({ RuleName: 'often', ScheduleExpression: 'cron(0/15 * * * ? *)' }),
  },
  {
    name: 'backups have an hour to start, and longer to end',
    type,
    refuses: (properties) =>
      rulesOf(properties).some(
        ({ StartWindowMinutes = 480, CompletionWindowMinutes = 10_080 }) =>
          Number(StartWindowMinutes) < 60 || Number(CompletionWindowMinutes) <= Number(StartWindowMinutes),
      ) && 'Invalid window. Start window must be at least 60 minutes, and less than the completion window.',
    fault: plan({ RuleName: 'short', StartWindowMinutes: 60, CompletionWindowMinutes: 60 }),
  },
  {
    name: 'backups to a point in time are kept for 35 days at most',
    type,
    refuses: (properties) =>
      rulesOf(properties).some(
        ({ EnableContinuousBackup, Lifecycle }) =>
          EnableContinuousBackup === true && !(Number(Lifecycle?.DeleteAfterDays) <= longestContinuousDays),
      ) && `Continuous backups must have a lifecycle of between 1 and ${longestContinuousDays} days.`,
    fault: plan({ RuleName: 'continuous', EnableContinuousBackup: true, Lifecycle: { DeleteAfterDays: 90 } }),
  },
];
