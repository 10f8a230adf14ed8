import { z } from 'zod';

/**
 * Text of at most `max` characters, counted as JSON Schema counts them: Unicode code points (2020-12 Validation, 6.3.1; zod's
 * own bound counts halves of a surrogate pair). Without NUL, which PostgreSQL does not store.
 */
export const text = (max: number) =>
  z
    .string()
    .refine((value) => value.length <= max || (value.length <= 2 * max && [...value].length <= max), {
      error: `at most ${max} characters`,
      abort: true,
    })
    .meta({ maxLength: max })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the one that no database takes.
    .regex(/^[^\u0000]*$/, 'the character NUL');

/** Text that says something, without the blanks around it. */
export const filledText = (max: number) => text(max).trim().regex(/\S/, 'nothing but blanks');

/**
 * What has no place in a text of one line that somebody else will read: control characters and line breaks, what is not seen
 * but hides or turns around what is (bidi controls, joiners, soft hyphens), halves of surrogate pairs, private characters.
 * Categories of Unicode, chapter 4.5.
 */
const plain = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]*$/u;

/** Whether every character of it is seen, on one line. */
export const isPlain = (value: string) => plain.test(value);

/** One line that says something to somebody else, without the blanks around it. */
export const line = (max: number) =>
  text(max)
    .regex(plain, 'a line break, or a character that is not seen')
    .trim()
    .regex(/\S/, 'nothing but blanks');

/** What phones and mail programs make a link of: a scheme, a name with a dot before letters, four numbers with dots. */
const link = /:\/\/|[\p{L}\p{N}]\.\p{L}{2}|[a-z\d][。][a-z]{2}|\d{1,3}(?:\.\d{1,3}){3}/iu;

/** Whether a text leads somewhere: look-alikes of the dot count as one (Unicode NFKC). "St. John" does not, "St.John" does. */
export const holdsLink = (value: string) => link.test(value.normalize('NFKC'));
