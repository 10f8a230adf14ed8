import { z } from 'zod';

/** An address at Amazon SNS. */
const snsUrl = z.url({ protocol: /^https$/ }).max(1_024);
/** The topic, as in `arn:aws:sns:ap-northeast-1:123456789012:name`. */
const topicArn = z.string().max(400);

/**
 * What Amazon SNS or EventBridge posts: an envelope of SNS, of EventBridge (`detail`), or an event as it is. The fields of SNS by
 * their names in its developer guide ("Parsing message formats"); a message of SNS has 256 KiB at most, and the body here less.
 */
export const awsReceiptBody = z
  .looseObject({
    Type: z.string().max(40).optional(),
    MessageId: z.string().max(100).optional(),
    TopicArn: topicArn.optional(),
    Subject: z.string().max(400).nullish(),
    Message: z.string().max(262_144).optional(),
    Timestamp: z.string().max(40).optional(),
    Token: z.string().max(2_048).optional(),
    SubscribeURL: snsUrl.optional(),
    UnsubscribeURL: snsUrl.optional(),
    SigningCertURL: snsUrl.optional(),
    SignatureVersion: z.string().max(4).optional(),
    Signature: z.string().max(1_024).optional(),
  })
  .meta({
    id: 'AwsReceipt',
    example: {
      Type: 'Notification',
      MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
      TopicArn: 'arn:aws:sns:ap-northeast-1:123456789012:kyo-receipts',
      Message: '{"eventType":"TEXT_DELIVERED","messageId":"5b6a7c8d"}',
      Timestamp: '2026-01-01T02:00:03.000Z',
    },
  });

/** The one message of SNS that asks us to go somewhere. */
export const snsSubscription = z.object({
  Type: z.literal('SubscriptionConfirmation'),
  MessageId: z.string().max(100),
  TopicArn: topicArn,
  Message: z.string().max(2_048),
  Timestamp: z.iso.datetime(),
  Token: z.string().max(2_048),
  SubscribeURL: snsUrl,
  SigningCertURL: snsUrl,
  SignatureVersion: z.literal('2'),
  Signature: z.base64().max(1_024),
});
export type SnsSubscription = z.infer<typeof snsSubscription>;
