import { postAll } from '../http-load.ts';
import type { Contestant } from './contestants.ts';

/** Enough to keep the server's core busy all the time. */
const connections = 64;

export interface Measurement {
  pairs: number;
  /** Seconds of wall time, and microseconds of processor time of the server. */
  send: { seconds: number; cpuMicroseconds: number };
  verify: { seconds: number; cpuMicroseconds: number };
}

/** One round: everybody asks for a code, then everybody hands theirs in. @throws if one of them did not get through. */
export async function measureRound(contestant: Contestant, firstPerson: number): Promise<Measurement> {
  const { server, isSuccess, pairsPerRound } = contestant;
  const people = Array.from({ length: pairsPerRound }, (_, n) => firstPerson + n);
  const send = await timed(contestant, () => postAll(server.port, people.map(contestant.send), connections));
  check(contestant.name, send.answers, isSuccess.send);
  const calls = await contestant.verifies(people, send.answers);
  const verify = await timed(contestant, () => postAll(server.port, calls, connections));
  check(contestant.name, verify.answers, isSuccess.verify);
  return { pairs: pairsPerRound, send, verify };
}

async function timed<T>({ server }: Contestant, task: () => Promise<T>) {
  const cpuBefore = await server.cpuMicroseconds();
  const startedAt = performance.now();
  const answers = await task();
  const seconds = (performance.now() - startedAt) / 1000;
  return { answers, seconds, cpuMicroseconds: (await server.cpuMicroseconds()) - cpuBefore };
}

function check<T>(name: string, answers: T[], isSuccess: (answer: T) => boolean): void {
  const failed = answers.filter((answer) => !isSuccess(answer));
  if (failed.length > 0)
    throw new Error(
      `${name}: ${failed.length} of ${answers.length} failed, such as ${JSON.stringify(failed[0])}`,
    );
}

/** The median round's: one that met something else on the machine does not count. */
export function summarise(measurements: Measurement[]): Record<string, number> {
  const median = (of: (measurement: Measurement) => number) => {
    const sorted = measurements.map(of).toSorted((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? Number.NaN;
  };
  const sendMicroseconds = median(({ send, pairs }) => send.cpuMicroseconds / pairs);
  const verifyMicroseconds = median(({ verify, pairs }) => verify.cpuMicroseconds / pairs);
  const secondsPerPair = median(({ send, verify, pairs }) => (send.seconds + verify.seconds) / pairs);
  return {
    'req/s': 2 / secondsPerPair,
    'pairs/s': 1 / secondsPerPair,
    'µs/send': sendMicroseconds,
    'µs/verify': verifyMicroseconds,
    'µs/pair': median(({ send, verify, pairs }) => (send.cpuMicroseconds + verify.cpuMicroseconds) / pairs),
  };
}
