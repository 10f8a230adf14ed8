import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.ts';
import { during, p99, type Stretch } from './deeds.ts';
import type { HonestGym } from './honest-gym.ts';
import type { Hostile } from './hostile.ts';
import type { Town } from './town.ts';

/** After an attack its last requests are answered. */
const settleMilliseconds = 300;

export interface Part {
  name: string;
  /** Names of what goes on at one time. */
  parts: string[];
}

/** An honest gym alone and beside the hostile, in turns, so that whatever else the machine does hits both. */
export class Duel {
  readonly part: Part;
  readonly alone: Stretch[] = [];
  readonly beside: Stretch[] = [];
  readonly #honest: HonestGym;

  constructor(part: Part, honest: HonestGym) {
    this.part = part;
    this.#honest = honest;
  }

  /** How much longer the gym's slowest deeds (p99) took beside them. */
  get ratio(): number {
    const { deeds } = this.#honest;
    return p99(during(deeds, this.beside)) / p99(during(deeds, this.alone));
  }

  /** @returns what the hostile were answered, by status, and the most memory that was seen, in MiB. */
  async round(
    { hostile, town, random }: { hostile: Hostile; town: Town; random: Random },
    milliseconds: { alone: number; beside: number },
  ): Promise<{ answers: Record<string, number>; mebibytes: number }> {
    this.alone.push(await stretch(milliseconds.alone));
    await hostile.begin(this.part.parts, Math.floor(random() * 2 ** 31));
    this.beside.push(await stretch(milliseconds.beside));
    const mebibytes = await town.memory();
    const answers = await hostile.end();
    await sleep(settleMilliseconds);
    return { answers, mebibytes };
  }
}

async function stretch(milliseconds: number): Promise<Stretch> {
  const from = performance.now();
  await sleep(milliseconds);
  return { from, to: performance.now() };
}
