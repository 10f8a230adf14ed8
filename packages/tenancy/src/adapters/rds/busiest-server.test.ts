import type { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { expect, it } from 'vitest';
import { busiestServer } from './busiest-server.ts';

const now = new Date('2026-12-01T03:10:00Z');

function cloudWatchWith(servers: Record<string, number[]>) {
  const asked: GetMetricDataCommand[] = [];
  const client = {
    async send(command: GetMetricDataCommand) {
      asked.push(command);
      return { MetricDataResults: Object.entries(servers).map(([Label, Values]) => ({ Label, Values })) };
    },
  } as unknown as Parameters<typeof busiestServer>[0];
  return { client, asked };
}

it("busiestServer names the stage's own busiest tenant server, by its newest value", async () => {
  const { client, asked } = cloudWatchWith({
    'kyo-prod-t-other-stage': [99],
    'kyo-dev-data-master': [97],
    'kyo-dev-t-calm-gym': [12, 98],
    'kyo-dev-t-busy-gym': [91, 3],
    'kyo-dev-t-new-gym': [],
  });
  expect(await busiestServer(client, 'dev', now)).toEqual({ name: 'kyo-dev-t-busy-gym', percent: 91 });
  expect(asked[0]?.input).toMatchObject({ StartTime: new Date('2026-12-01T03:00:00Z'), EndTime: now });
});

it('busiestServer names none when the stage has no server of a tenant', async () => {
  const { client } = cloudWatchWith({ 'kyo-dev-data-master': [97] });
  expect(await busiestServer(client, 'dev', now)).toBeUndefined();
});
