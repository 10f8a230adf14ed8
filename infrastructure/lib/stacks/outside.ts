import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { Alarms, oneMinute } from '../constructs/alarms.ts';
import { AlertTopic } from '../constructs/alert-topic.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import type { EdgeStack } from './edge.ts';

/**
 * A look from outside whether it is all there. Health checks report to us-east-1 alone (Amazon Route 53 Developer Guide), and
 * an alarm looks at metrics and rings at topics of its own region: both are there, and a second subscription.
 */
export class OutsideStack extends KyoStack {
  constructor(scope: Construct, stage: Stage, { edge }: { edge: EdgeStack }) {
    super(scope, 'outside', { stage, region: 'us-east-1', description: 'the check from outside' });
    // Through the edge to a service and back. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover.html
    const check = new route53.CfnHealthCheck(this, 'FromOutside', {
      healthCheckConfig: {
        type: 'HTTPS',
        fullyQualifiedDomainName: edge.hostname,
        port: 443,
        resourcePath: '/.well-known/jwks.json',
        requestInterval: 30,
        // The fewest there may be: each place that looks sends 88,000 requests a month.
        regions: ['ap-northeast-1', 'ap-southeast-1', 'us-west-2'],
        failureThreshold: 3,
        enableSni: true,
      },
    });
    const topic = new AlertTopic(this, 'Alerts', { email: stage.monitoring.alertEmail });
    new Alarms(this, 'Alarms', topic).add('outside', {
      runbook: 'outside',
      problem: 'The platform does not answer from outside',
      metric: new cloudwatch.Metric({
        namespace: 'AWS/Route53',
        metricName: 'HealthCheckStatus',
        dimensionsMap: { HealthCheckId: check.attrHealthCheckId },
        statistic: 'Minimum',
        period: oneMinute,
      }),
      threshold: 1,
      below: true,
      periods: 2,
      noDataIsAFault: true,
    });
  }
}
