/**
 * Characters that a terminal obeys or that turn the order of others round: controls (C0, C1), line and paragraph separators,
 * bidirectional marks (Unicode Technical Report 36, 2.8). Joiners stay: emoji are made of them.
 */
const obeyed = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * The same value with every text in it fit for a terminal: a gym's name can hold what would colour the screen, change its
 * title or forge another row of a table.
 */
export function printable<T>(value: T): T {
  if (typeof value === 'string')
    return value.replaceAll(obeyed, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`) as T;
  if (Array.isArray(value)) return value.map(printable) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, printable(field)])) as T;
}
