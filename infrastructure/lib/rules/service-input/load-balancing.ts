import type { InputRule } from './input-rule.ts';
import { listOf, outside } from './values.ts';

const targetGroup = 'AWS::ElasticLoadBalancingV2::TargetGroup';
const listenerRule = 'AWS::ElasticLoadBalancingV2::ListenerRule';
const isName = (name: unknown) =>
  name === undefined || /^(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/.test(String(name));

export const loadBalancingInput: InputRule[] = [
  {
    name: 'load balancers have names of 32 characters at most',
    type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
    refuses: ({ Name }) => !isName(Name) && `Load balancer name '${Name}' is not valid.`,
    fault: { Name: 'internal-kyo' },
  },
  {
    name: 'target groups have names of 32 characters at most',
    type: targetGroup,
    refuses: ({ Name }) =>
      !isName(Name) && `Target group name '${Name}' cannot be longer than '32' characters.`,
    fault: { Name: 'kyo-production-collaboration-service' },
  },
  {
    name: 'health checks of targets end before the next begins',
    type: targetGroup,
    refuses: ({
      HealthCheckIntervalSeconds = 30,
      HealthCheckTimeoutSeconds = 5,
      HealthyThresholdCount,
      UnhealthyThresholdCount,
    }) => {
      if (Number(HealthCheckTimeoutSeconds) >= Number(HealthCheckIntervalSeconds))
        return 'Health check interval must be greater than the timeout.';
      return (
        (outside(HealthCheckIntervalSeconds, 5, 300) ||
          outside(HealthCheckTimeoutSeconds, 2, 120) ||
          outside(HealthyThresholdCount, 2, 10) ||
          outside(UnhealthyThresholdCount, 2, 10)) &&
        'Health check interval is 5 to 300 seconds, its timeout 2 to 120, and its thresholds 2 to 10.'
      );
    },
    fault: { HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 5 },
  },
  {
    name: 'rules of one listener have priorities of their own',
    type: listenerRule,
    refuses: ({ ListenerArn, Priority }, { all }) => {
      if (outside(Priority, 1, 50_000)) return `Priority '${Priority}' is not between 1 and 50000`;
      const same = all(listenerRule).filter(
        ({ properties }) =>
          properties.ListenerArn === ListenerArn && Number(properties.Priority) === Number(Priority),
      );
      return same.length > 1 && `Priority '${Priority}' is currently in use`;
    },
    fault: ({ services }) => {
      for (const { Type, Properties } of Object.values(services?.Resources ?? {}))
        if (Type === listenerRule) Properties.Priority = 100;
    },
  },
  {
    name: 'rules of listeners look for five values at most',
    type: listenerRule,
    refuses: ({ Conditions }) => {
      const values = listOf(Conditions).flatMap((condition) =>
        Object.values(condition).flatMap((config) => (config as { Values?: unknown[] }).Values ?? []),
      );
      return values.length > 5 && 'A rule can only have 5 condition values';
    },
    fault: {
      Conditions: ['a', 'b', 'c'].map((name) => ({
        Field: 'path-pattern',
        PathPatternConfig: { Values: [`/${name}`, `/${name}/*`] },
      })),
    },
  },
];
