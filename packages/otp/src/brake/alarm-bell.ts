import type { Alarm } from './ports.ts';

/** Alarms that are remembered; one that was forgotten goes off again. */
const maxRinging = 10_000;

/** Lets each alarm go off once, when what it is about begins, and again only after that has ended. */
export class AlarmBell {
  readonly #ringing = new Set<string>();
  readonly #onAlarm: (alarm: Alarm) => void;

  constructor(onAlarm: (alarm: Alarm) => void) {
    this.#onAlarm = onAlarm;
  }

  /** Says whether it is so now. */
  set(name: string, on: boolean, alarm: Alarm, ended?: Alarm): void {
    const was = this.#ringing.has(name);
    if (on === was) return;
    if (on) {
      if (this.#ringing.size >= maxRinging) this.#ringing.clear();
      this.#ringing.add(name);
      this.#onAlarm(alarm);
      return;
    }
    this.#ringing.delete(name);
    if (ended) this.#onAlarm(ended);
  }
}
