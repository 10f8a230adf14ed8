/**
 * What has no place in a text of one line that somebody else will read: control characters and line breaks, what is not seen
 * but hides or turns around what is (bidi controls, joiners, soft hyphens), halves of surrogate pairs, private characters.
 * Categories of Unicode, chapter 4.5.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;

/** Whether every character of it is seen, on one line. */
export const isPlain = (text: string) => !unseen.test(text);

/** What phones and mail programs make a link of: a scheme, a name with a dot before letters, four numbers with dots. */
const link = /:\/\/|[\p{L}\p{N}]\.\p{L}{2}|[a-z\d][。][a-z]{2}|\d{1,3}(?:\.\d{1,3}){3}/iu;

/** Whether a text leads somewhere: look-alikes of the dot count as one (Unicode NFKC). "St. John" does not, "St.John" does. */
export const holdsLink = (text: string) => link.test(text.normalize('NFKC'));
