import { each, type Rule } from './rule.ts';
import { type FoundResource, oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const topicType = 'AWS::SNS::Topic';
const subscriptionType = 'AWS::SNS::Subscription';
const policyType = 'AWS::SNS::TopicPolicy';

/** As which service a resource publishes to the topic it names. */
const publisherOf: Record<string, string> = {
  'AWS::CloudWatch::Alarm': 'cloudwatch.amazonaws.com',
  'AWS::CloudWatch::CompositeAlarm': 'cloudwatch.amazonaws.com',
  'AWS::Events::Rule': 'events.amazonaws.com',
  'AWS::Backup::BackupVault': 'backup.amazonaws.com',
  'AWS::RDS::EventSubscription': 'events.rds.amazonaws.com',
  'AWS::Budgets::Budget': 'budgets.amazonaws.com',
  'AWS::SES::ConfigurationSetEventDestination': 'ses.amazonaws.com',
  'AWS::SMSVOICE::ConfigurationSet': 'sms-voice.amazonaws.com',
};

/** What of its stack names a topic, apart from what belongs to the topic itself. */
function givenTopic(templates: Templates, { stack, id }: FoundResource) {
  return Object.entries(templates[stack]?.Resources ?? {}).filter(
    ([, { Type, Properties }]) =>
      ![policyType, subscriptionType, 'AWS::SSM::Parameter'].includes(Type) &&
      JSON.stringify(Properties ?? {}).includes(`{"Ref":"${id}"}`),
  );
}

const isOfAlarms = ({ stack }: FoundResource) => stack === 'monitoring';
const ringsBy = (templates: Templates, topic: FoundResource) =>
  givenTopic(templates, topic).some(([, { Type }]) => Type.startsWith('AWS::CloudWatch::'));

function admittedTo(templates: Templates, topic: FoundResource): string[] {
  return resourcesOf(templates, policyType)
    .filter(
      ({ stack, properties }) =>
        stack === topic.stack && (properties.Topics as Properties[]).some(({ Ref }) => Ref === topic.id),
    )
    .flatMap(({ properties }) => properties.PolicyDocument.Statement as Properties[])
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Principal }) => Principal.Service ?? []);
}

export const alertRules: Rule[] = [
  {
    name: 'the policy of a topic admits every service that is given the topic',
    findings: (templates) =>
      resourcesOf(templates, topicType).flatMap((topic) => {
        const admitted = admittedTo(templates, topic);
        return each(givenTopic(templates, topic), ([id, { Type }]) => {
          const publisher = publisherOf[Type];
          if (publisher === undefined) return `${id}: as which service does a ${Type} publish?`;
          return !admitted.includes(publisher) && `${topic.id} does not admit ${publisher} of ${id}`;
        });
      }),
    reintroduce: (templates) => {
      const { PolicyDocument } = oneOf(templates, policyType, isOfAlarms).properties;
      PolicyDocument.Statement = (PolicyDocument.Statement as Properties[]).filter(
        ({ Principal }) => Principal.Service !== 'cloudwatch.amazonaws.com',
      );
    },
  },
  {
    name: 'where data is kept, every topic of alarms reaches an address',
    findings: (templates) => {
      const isKept = resourcesOf(templates, 'AWS::RDS::DBInstance').some(
        ({ properties }) => properties.DeletionProtection === true,
      );
      const reached = resourcesOf(templates, subscriptionType).map(
        ({ stack, properties }) => `${stack}/${properties.TopicArn.Ref}`,
      );
      return isKept
        ? each(
            resourcesOf(templates, topicType).filter((topic) => ringsBy(templates, topic)),
            ({ stack, id }) =>
              !reached.includes(`${stack}/${id}`) && `${stack}/${id}: set monitoring.alertEmail of the stage`,
          )
        : [];
    },
    reintroduce: (templates) => {
      const { stack, id } = oneOf(templates, subscriptionType, isOfAlarms);
      delete templates[stack]?.Resources[id];
    },
  },
];
