import { each, type Rule } from '../rule.ts';
import { resourcesOf, type Templates } from '../templates.ts';
import { apiGatewayInput } from './api-gateway.ts';
import { apiGatewayModelInput } from './api-gateway-models.ts';
import { AsDeployed } from './as-deployed.ts';
import { autoScalingInput } from './auto-scaling.ts';
import { backupInput } from './backup.ts';
import { cloudFrontInput } from './cloudfront.ts';
import { cloudWatchInput } from './cloudwatch.ts';
import { ec2Input } from './ec2.ts';
import { ecsServiceInput } from './ecs-services.ts';
import { ecsTaskInput } from './ecs-tasks.ts';
import { elastiCacheInput } from './elasticache.ts';
import { eventsInput } from './events.ts';
import { iamInput } from './iam.ts';
import type { InputRule } from './input-rule.ts';
import { kmsInput } from './kms.ts';
import { lambdaInput } from './lambda.ts';
import { loadBalancingInput } from './load-balancing.ts';
import { logsInput } from './logs.ts';
import { nameInput } from './names.ts';
import { resourcePolicyInput } from './policies.ts';
import { rdsInput } from './rds.ts';
import { rdsParameterInput } from './rds-parameters.ts';
import { s3Input } from './s3.ts';
import { serviceDiscoveryInput } from './service-discovery.ts';
import { smallServicesInput } from './small-services.ts';
import { stepFunctionsInput } from './step-functions.ts';
import { wafInput } from './waf.ts';

export const inputRules: InputRule[] = [
  ...apiGatewayInput,
  ...apiGatewayModelInput,
  ...autoScalingInput,
  ...backupInput,
  ...cloudFrontInput,
  ...cloudWatchInput,
  ...ec2Input,
  ...ecsServiceInput,
  ...ecsTaskInput,
  ...elastiCacheInput,
  ...eventsInput,
  ...iamInput,
  ...kmsInput,
  ...lambdaInput,
  ...loadBalancingInput,
  ...logsInput,
  ...nameInput,
  ...rdsInput,
  ...rdsParameterInput,
  ...resourcePolicyInput,
  ...s3Input,
  ...serviceDiscoveryInput,
  ...smallServicesInput,
  ...stepFunctionsInput,
  ...wafInput,
];

/** The same as rules about templates. */
export const serviceInputRules: Rule[] = inputRules.map((rule) => ({
  name: rule.name,
  findings: (templates) => {
    const refused = Map.groupBy(new AsDeployed(templates).of(rule.type), ([{ properties }, surroundings]) =>
      rule.refuses(properties, surroundings),
    );
    return each([...refused], ([message, found]) => {
      const more = found.length > 1 ? ` and ${found.length - 1} more` : '';
      return message && `${found[0]?.[0].name}${more}: ${message}`;
    });
  },
  reintroduce: (templates) => {
    if (typeof rule.fault === 'function') rule.fault(templates);
    else Object.assign(faulty(templates, rule.type), rule.fault);
  },
}));

/** The properties of a resource of the type; of a new one, when the templates have none. */
function faulty(templates: Templates, Type: string) {
  const [found] = resourcesOf(templates, Type);
  if (found) return found.properties;
  const Properties = {};
  templates.services = { Resources: { ...templates.services?.Resources, Faulty: { Type, Properties } } };
  return Properties;
}
