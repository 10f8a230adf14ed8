import { expect, it } from 'vitest';
import { metricLine } from './metric-line.ts';

it('writes metrics as CloudWatch reads them', () => {
  const now = new Date(1_000);
  expect(metricLine({ ActiveTenants: [12, 'Count'] }, { namespace: 'Kyo/dev', now })).toEqual({
    _aws: {
      Timestamp: 1_000,
      CloudWatchMetrics: [
        { Namespace: 'Kyo/dev', Dimensions: [[]], Metrics: [{ Name: 'ActiveTenants', Unit: 'Count' }] },
      ],
    },
    ActiveTenants: 12,
  });
  expect(
    metricLine(
      { Rooms: [3, 'Count'], QueuedBytes: [5, 'Bytes'] },
      { namespace: 'Kyo', dimensions: ['service'], now },
    ),
  ).toMatchObject({
    _aws: {
      CloudWatchMetrics: [
        {
          Dimensions: [['service']],
          Metrics: [
            { Name: 'Rooms', Unit: 'Count' },
            { Name: 'QueuedBytes', Unit: 'Bytes' },
          ],
        },
      ],
    },
    Rooms: 3,
    QueuedBytes: 5,
  });
});
