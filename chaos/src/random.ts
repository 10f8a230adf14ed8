/** A number from 0 up to, not including, 1. */
export type Random = () => number;

/** Numbers that are the same for the same seed (mulberry32, public domain): a run can be repeated. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffled<T>(items: T[], random: Random): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

export function pick<T>(items: readonly T[], random: Random): T {
  if (items.length === 0) throw new Error('There is nothing to pick from.');
  return items[Math.floor(random() * items.length)] as T;
}
