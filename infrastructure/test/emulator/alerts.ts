import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CloudWatchClient, paginateDescribeAlarms, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import {
  ConfirmSubscriptionCommand,
  ListTopicsCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import type { EmulatedCloud } from './deployment.ts';

export interface Subscriber {
  /** What was sent to it: the text of a mail each. */
  messages: string[];
  close(): void;
}

/** Subscribes an HTTP server to the stage's alerts in the region, as an operator's pager would: by confirming with the token. */
export async function subscribeToAlerts(cloud: EmulatedCloud, region: string): Promise<Subscriber> {
  const sns = new SNSClient(clientOf(cloud, region));
  const { Topics = [] } = await sns.send(new ListTopicsCommand({}));
  const TopicArn = Topics.find((topic) => topic.TopicArn?.includes('-Alerts'))?.TopicArn;
  if (TopicArn === undefined) throw new Error(`There is no topic of alerts in ${region}.`);
  const messages: string[] = [];
  const server = createServer(async (request, response) => {
    const said = JSON.parse(await text(request)) as { Type: string; Token?: string; Message: string };
    response.end();
    if (said.Type === 'Notification') messages.push(said.Message);
    else await sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token: said.Token }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const Endpoint = `http://127.0.0.1:${port}/`;
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint }));
  return { messages, close: () => server.close() };
}

/** Sets the alarm with this description off, as `aws cloudwatch set-alarm-state` does. */
export async function setOff(cloud: EmulatedCloud, region: string, description: string): Promise<void> {
  const client = new CloudWatchClient(clientOf(cloud, region));
  for await (const { MetricAlarms = [], CompositeAlarms = [] } of paginateDescribeAlarms({ client }, {})) {
    const found = [...MetricAlarms, ...CompositeAlarms].find((each) =>
      each.AlarmDescription?.includes(description),
    );
    if (!found) continue;
    const state = { StateValue: 'ALARM', StateReason: 'set off by a test' } as const;
    await client.send(new SetAlarmStateCommand({ AlarmName: found.AlarmName, ...state }));
    return;
  }
  throw new Error(`No alarm says "${description}".`);
}

function clientOf({ emulator }: EmulatedCloud, region: string) {
  return { endpoint: emulator.url, credentials: emulator.credentials, region };
}
