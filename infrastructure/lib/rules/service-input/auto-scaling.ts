import type { InputRule } from './input-rule.ts';

const metricsOfServices = [
  'ECSServiceAverageCPUUtilization',
  'ECSServiceAverageMemoryUtilization',
  'ALBRequestCountPerTarget',
];

export const autoScalingInput: InputRule[] = [
  {
    name: 'what scales has no more at least than at most',
    type: 'AWS::ApplicationAutoScaling::ScalableTarget',
    refuses: ({ MinCapacity, MaxCapacity }) =>
      Number(MinCapacity) > Number(MaxCapacity) && 'Maximum capacity cannot be less than minimum capacity.',
    fault: { MinCapacity: 30, MaxCapacity: 20 },
  },
  {
    name: 'services scale by metrics that services have',
    type: 'AWS::ApplicationAutoScaling::ScalingPolicy',
    refuses: ({ TargetTrackingScalingPolicyConfiguration }) => {
      const { PredefinedMetricType, ResourceLabel } =
        TargetTrackingScalingPolicyConfiguration?.PredefinedMetricSpecification ?? {};
      if (PredefinedMetricType === undefined) return undefined;
      if (!metricsOfServices.includes(PredefinedMetricType))
        return `PredefinedMetricType ${PredefinedMetricType} is not supported for the service namespace ecs.`;
      return (
        (PredefinedMetricType === 'ALBRequestCountPerTarget') !== (ResourceLabel !== undefined) &&
        'ResourceLabel must be specified for ALBRequestCountPerTarget, and for no other metric.'
      );
    },
    fault: {
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 60,
        PredefinedMetricSpecification: { PredefinedMetricType: 'ALBRequestCountPerTarget' },
      },
    },
  },
];
