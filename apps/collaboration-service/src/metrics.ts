import type { Logger } from '@kyong/service-kit';

const units = {
  ConnectedSockets: 'Count',
  Rooms: 'Count',
  Updates: 'Count',
  QueuedBytes: 'Bytes',
  FanOutMillisecondsP50: 'Milliseconds',
  FanOutMillisecondsP99: 'Milliseconds',
} as const;
/** Enough of a minute to tell its 99th percentile. */
const maxSamples = 5_000;

/** What this server does, in numbers and without content. */
export class Metrics {
  updates = 0;
  readonly #namespace: string;
  readonly #samples: number[] = [];
  #seen = 0;

  /** @param namespace of CloudWatch. */
  constructor(namespace = 'Kyo') {
    this.#namespace = namespace;
  }

  /** How long an update took from its arrival until it was sent to the others: a sample of all, each as likely. */
  observeFanOut(milliseconds: number): void {
    this.#seen += 1;
    if (this.#samples.length < maxSamples) this.#samples.push(milliseconds);
    else {
      const place = Math.floor(Math.random() * this.#seen);
      if (place < maxSamples) this.#samples[place] = milliseconds;
    }
  }

  /** A line in CloudWatch's embedded metric format, of everything since the last one. */
  write(logger: Logger, gauges: { sockets: number; rooms: number; queuedBytes: number }): void {
    const sorted = this.#samples.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
    logger.info(
      {
        _aws: {
          Timestamp: Date.now(),
          CloudWatchMetrics: [
            {
              Namespace: this.#namespace,
              Dimensions: [['service']],
              Metrics: Object.entries(units).map(([Name, Unit]) => ({ Name, Unit })),
            },
          ],
        },
        ConnectedSockets: gauges.sockets,
        Rooms: gauges.rooms,
        Updates: this.updates,
        QueuedBytes: gauges.queuedBytes,
        FanOutMillisecondsP50: at(0.5),
        FanOutMillisecondsP99: at(0.99),
      },
      'metrics',
    );
    this.updates = 0;
    this.#samples.length = 0;
    this.#seen = 0;
  }
}
