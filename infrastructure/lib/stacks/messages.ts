import * as iam from 'aws-cdk-lib/aws-iam';
import * as ses from 'aws-cdk-lib/aws-ses';
import * as smsvoice from 'aws-cdk-lib/aws-smsvoice';
import * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import { mailIdentity } from '../constructs/mail-identity.ts';

/** What a message is sent as: whose it is, and how its provider says what became of it. */
export interface Sender {
  arn: string;
  configurationSet: string;
  configurationSetArn: string;
}

/** Whom messages come from, and the topic on which Amazon says what became of each. */
export class MessagesStack extends KyoStack {
  readonly email: Sender;
  /** Where Amazon sends SMS. */
  readonly sms: Sender | undefined;
  /** The edge brings them to the service that sent the messages. */
  readonly receipts: sns.Topic;

  constructor(scope: Construct, stage: Stage) {
    super(scope, 'messages', { stage, description: 'senders of e-mail and SMS, and their receipts' });
    // The only one that whoever is called accepts: version 1 signs a SHA-1.
    this.receipts = new sns.Topic(this, 'Receipts', { enforceSSL: true, signatureVersion: '2' });
    this.email = this.#email(stage);
    const aws = stage.messages.sms.find((provider) => provider.name === 'aws');
    this.sms = aws && this.#sms(aws.origination);
  }

  #email(stage: Stage): Sender {
    const configurationSet = new ses.ConfigurationSet(this, 'Email', {
      // Whoever bounced or complained gets no more, before the account's reputation suffers.
      suppressionReasons: ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
      tlsPolicy: ses.ConfigurationSetTlsPolicy.REQUIRE,
    });
    configurationSet.addEventDestination('Receipts', {
      destination: ses.EventDestination.snsTopic(this.receipts),
      events: [
        ses.EmailSendingEvent.DELIVERY,
        ses.EmailSendingEvent.BOUNCE,
        ses.EmailSendingEvent.REJECT,
        ses.EmailSendingEvent.RENDERING_FAILURE,
      ],
    });
    return {
      arn: mailIdentity(this, stage, configurationSet).emailIdentityArn,
      configurationSet: configurationSet.configurationSetName,
      configurationSetArn: this.formatArn({
        service: 'ses',
        resource: 'configuration-set',
        resourceName: configurationSet.configurationSetName,
      }),
    };
  }

  #sms(origination: string): Sender {
    const { policyDependable } = this.receipts.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('sms-voice.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.receipts.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    const configurationSet = new smsvoice.CfnConfigurationSet(this, 'Sms', {
      eventDestinations: [
        {
          eventDestinationName: 'Receipts',
          enabled: true,
          matchingEventTypes: ['TEXT_ALL'],
          snsDestination: { topicArn: this.receipts.topicArn },
        },
      ],
    });
    if (policyDependable) configurationSet.node.addDependency(policyDependable);
    return {
      arn: this.formatArn({ service: 'sms-voice', resource: origination }),
      configurationSet: configurationSet.ref,
      configurationSetArn: configurationSet.attrArn,
    };
  }
}
