import { holdsLink, line } from './plain-text.ts';

const noLink = 'a link, or what phones make one of: a dot without a space behind it';
/** What a placeholder becomes may be letters, and then a dot beside it makes a link. */
const leadsSomewhere = (text: string) => holdsLink(text.replaceAll(/\{[^{}]*\}/g, 'aa'));

/** What fits is three SMS at most, which depends on its characters. */
const longestBody = 500;

/** A gym's words lead nowhere and pretend no second message: they stand on one line, and what follows is the platform's. */
export const templateBody = line(longestBody)
  .regex(
    /^(?:[^{}]|\{(?:app|minutes)\})*\{code\}(?:[^{}]|\{(?:app|minutes)\})*$/,
    '{code} exactly once, and in other braces nothing but {app} and {minutes}',
  )
  .refine((text) => !leadsSomewhere(text), noLink)
  .meta({
    description:
      'One line with the placeholders {code} (exactly once), {app} and {minutes}, and without links: no `://`, no dot between ' +
      'two letters. The platform adds a line of its own. All together is three SMS at most',
  });

/** A subject is shown on locked screens and kept in logs of mail servers: it holds no code. */
export const templateSubject = line(120)
  .regex(
    /^(?:[^{}]|\{(?:app|minutes)\})*$/,
    'in braces nothing but {app} and {minutes}: no {code} in a subject',
  )
  .refine((text) => !leadsSomewhere(text), noLink);
