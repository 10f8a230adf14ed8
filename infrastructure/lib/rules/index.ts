import { admittedServiceRules } from './admitted-services.ts';
import { alarmRules } from './alarms.ts';
import { alertRules } from './alerts.ts';
import { cacheRules } from './cache.ts';
import { connectionRules } from './connections.ts';
import { containerRules } from './containers.ts';
import { controlPlaneRules } from './control-plane.ts';
import { databaseRules } from './databases.ts';
import { drainingRules } from './draining.ts';
import { edgeRules } from './edge.ts';
import { messageRules } from './messages.ts';
import { nameRules } from './names.ts';
import { networkRules } from './network.ts';
import { quotaRules } from './quotas.ts';
import { recoveryRules } from './recovery.ts';
import { replacementRules } from './replacements.ts';
import type { Rule } from './rule.ts';
import { secretRules } from './secrets.ts';
import { serviceCallRules } from './service-calls.ts';
import { serviceInputRules } from './service-input/index.ts';
import type { Templates } from './templates.ts';
import { windowRules } from './windows.ts';

export { readTemplates, type Templates } from './templates.ts';

/** What no linter finds: faults that deploy and do not work, or work and should not. */
export const rules: Rule[] = [
  ...networkRules,
  ...databaseRules,
  ...connectionRules,
  ...cacheRules,
  ...containerRules,
  ...drainingRules,
  ...controlPlaneRules,
  ...edgeRules,
  ...alarmRules,
  ...alertRules,
  ...recoveryRules,
  ...secretRules,
  ...windowRules,
  ...nameRules,
  ...admittedServiceRules,
  ...quotaRules,
  ...replacementRules,
  ...serviceInputRules,
  ...messageRules,
  ...serviceCallRules,
];

/** Every rule that is broken, and where. */
export function brokenRules(templates: Templates): string[] {
  return rules.flatMap((rule) => rule.findings(templates).map((where) => `${rule.name}: ${where}`));
}
