// The hostile, in a process of their own: what they do is not to keep the honest gym's clock from ticking.
import { setPriority } from 'node:os';
import { seededRandom } from '../random.ts';
import { Callers } from './callers.ts';
import { hostileParts } from './parts/index.ts';
import { homeIn, honestNetwork, type Target } from './town.ts';

export type Command = { begin: { parts: string[]; seed: number } } | { end: true };
export interface Told {
  /** How many answers there were, by status. */
  answers: Record<string, number>;
}

const target = JSON.parse(process.argv[2] ?? '{}') as Target;
// They have machines of their own, and only the platform's work for them is meant.
setPriority(10);

const strangers = new Callers(target.port, '127.66');
const neighbours = new Callers(target.port, honestNetwork);
const homes = { count: target.victim.homes, callerAt: homeIn(neighbours) };
let over = new AbortController();
let running: Promise<unknown> = Promise.resolve();
let answers: Told['answers'] = {};

process.on('message', async (command: Command) => {
  if ('begin' in command) {
    const { parts, seed } = command.begin;
    over = new AbortController();
    answers = {};
    const attack = {
      ...{ target, strangers, homes, signal: over.signal, random: seededRandom(seed) },
      told: ({ status }: { status: number }) => {
        answers[status] = (answers[status] ?? 0) + 1;
      },
    };
    running = Promise.allSettled(
      hostileParts.filter(({ name }) => parts.includes(name)).map((part) => part.run(attack)),
    );
    process.send?.('begun');
  } else {
    over.abort();
    await running;
    process.send?.({ answers } satisfies Told);
  }
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
