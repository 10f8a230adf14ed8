import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { CfnInstance, CfnNatGateway } from 'aws-cdk-lib/aws-ec2';
import { type Alarms, fiveMinutes, oneMinute } from '../alarms.ts';
import type { PlatformVpc } from '../platform-vpc.ts';
import { share } from './graphs.ts';

/** The way out, by which functions and tasks reach AWS and the providers of messages: an instance, or gateways. */
export function monitorNat(alarms: Alarms, vpc: PlatformVpc): void {
  const ways = vpc.node.findAll();
  for (const instance of ways.filter((way) => CfnInstance.isCfnInstance(way))) {
    alarms.add('nat-instance', {
      runbook: 'nat',
      problem: 'The NAT instance does not work, or is away: nothing leaves the VPC',
      metric: new cloudwatch.Metric({
        namespace: 'AWS/EC2',
        metricName: 'StatusCheckFailed',
        dimensionsMap: { InstanceId: instance.ref },
        statistic: 'Maximum',
        period: oneMinute,
      }),
      threshold: 0,
      periods: 3,
      // Checked every minute while it runs (EC2, status checks).
      noDataIsAFault: true,
    });
  }
  ways
    .filter((way) => CfnNatGateway.isCfnNatGateway(way))
    .forEach((gateway, index) => {
      const metric = (metricName: string) =>
        new cloudwatch.Metric({
          namespace: 'AWS/NATGateway',
          metricName,
          dimensionsMap: { NatGatewayId: gateway.attrNatGatewayId },
          statistic: 'Sum',
          period: fiveMinutes,
        });
      alarms.add(`nat-ports-${index + 1}`, {
        runbook: 'nat',
        problem: `NAT gateway ${index + 1}: no port is left for new connections`,
        metric: metric('ErrorPortAllocation'),
        threshold: 0,
        periods: 1,
      });
      alarms.add(`nat-drops-${index + 1}`, {
        runbook: 'nat',
        problem: `NAT gateway ${index + 1}: it drops more than one packet in ten thousand`,
        metric: share('packets dropped, %', metric('PacketsDropCount'), metric('PacketsInFromSource')),
        // "If this value exceeds 0.01 percent of the total traffic", AWS is to be asked (NAT gateway metrics, Amazon VPC User Guide).
        threshold: 0.01,
        periods: 3,
      });
    });
}
