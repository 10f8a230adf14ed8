import type { Random } from '../random.ts';
import type { Answer, Caller, Callers } from './callers.ts';
import type { Target } from './town.ts';

export interface Attack {
  target: Target;
  random: Random;
  /** Over when this says so. */
  signal: AbortSignal;
  /** Machines in rented rooms: as many addresses as anybody wants. */
  strangers: Callers;
  /** The addresses that the victims sign in from: their carrier, or the café, has others behind each. */
  homes: { count: number; callerAt: (n: number) => Caller };
  /** Says what came of a request, for the count. */
  told: (answer: Pick<Answer, 'status'>) => void;
}

/** One way to harm somebody else, gone on with until it is over; it leaves nothing open. */
export interface HostilePart {
  name: string;
  run: (attack: Attack) => Promise<void>;
}
