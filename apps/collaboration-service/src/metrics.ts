import { type Logger, metricLine } from '@kyong/service-kit';

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

  /**
   * Writes a line of everything since the last one. What scaling and alarms go by, CloudWatch takes from it as metrics, each of
   * which costs USD 0.30 a month; the rest are fields, which Logs Insights draws as well.
   */
  write(logger: Logger, now: Date, gauges: { sockets: number; rooms: number; queuedBytes: number }): void {
    const sorted = this.#samples.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
    const metrics = metricLine(
      {
        ConnectedSockets: [gauges.sockets, 'Count'],
        FanOutMillisecondsP99: [at(0.99), 'Milliseconds'],
      },
      { namespace: this.#namespace, dimensions: ['service'], now },
    );
    const fields = {
      Rooms: gauges.rooms,
      Updates: this.updates,
      QueuedBytes: gauges.queuedBytes,
      FanOutMillisecondsP50: at(0.5),
    };
    logger.info({ ...metrics, ...fields }, 'metrics');
    this.updates = 0;
    this.#samples.length = 0;
    this.#seen = 0;
  }
}
