import { account } from '../../../rules/service-input/ids.ts';
import type { Call } from '../call.ts';
import type { ImaginedAccount } from './account.ts';

/** A topic with a policy of its own admits nobody else: CloudWatch must stand in it (Amazon SNS Developer Guide, "Using identity-based policies"). */
export function alarms(imagined: ImaginedAccount): Call[] {
  const caller = 'cloudwatch.amazonaws.com';
  return imagined.of('AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm').flatMap((alarm) => {
    const { AlarmActions = [], OKActions = [], InsufficientDataActions = [] } = alarm.properties;
    const topics = [...new Set<string>([...AlarmActions, ...OKActions, ...InsufficientDataActions])];
    return topics
      .filter((topic) => topic.includes(':sns:'))
      .flatMap((resource) => {
        const context = { 'aws:SourceArn': alarm.arn, 'aws:SourceAccount': account };
        const why = `${alarm.name} rings nowhere`;
        // "Amazon SNS topics and encryption" (CloudWatch): AWS' own key would refuse it.
        const key = imagined.find(imagined.find(resource)?.properties.KmsMasterKeyId);
        return [
          { caller, action: 'sns:Publish', resource, context, why },
          ...(key
            ? ['kms:Decrypt', 'kms:GenerateDataKey'].map((action) => ({
                caller,
                action,
                resource: key.arn,
                context,
                why,
              }))
            : []),
        ];
      });
  });
}

/** A queue that a topic fills. Amazon SNS Developer Guide, "Fanout to Amazon SQS queues". */
export function subscriptions(imagined: ImaginedAccount): Call[] {
  return imagined
    .of('AWS::SNS::Subscription')
    .filter(({ properties }) => properties.Protocol === 'sqs' || properties.Protocol === 'lambda')
    .map(({ name, properties: { Protocol, Endpoint, TopicArn } }) => ({
      caller: 'sns.amazonaws.com',
      action: Protocol === 'sqs' ? 'sqs:SendMessage' : 'lambda:InvokeFunction',
      resource: Endpoint,
      context: { 'aws:SourceArn': TopicArn },
      why: `${name} delivers nothing`,
    }));
}
