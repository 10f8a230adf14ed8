import { each, type Rule } from '../rule.ts';
import { resourcesOf, type Templates } from '../templates.ts';
import { apiGatewayInput } from './api-gateway.ts';
import { AsDeployed } from './as-deployed.ts';
import type { InputRule } from './input-rule.ts';
import { lambdaInput } from './lambda.ts';

export const inputRules: InputRule[] = [...apiGatewayInput, ...lambdaInput];

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
