import { z } from 'zod';
import { holdsLink, isPlain } from './plain-text.ts';

/** What may stand in braces, and what it becomes. */
export const placeholders = ['code', 'app', 'minutes'] as const;

const known = new Set<string>(placeholders);

function checkPlaceholders(text: string, context: z.RefinementCtx<string>): void {
  for (const [, name = ''] of text.matchAll(/\{([^{}]*)\}/g)) {
    if (!known.has(name))
      context.addIssue({
        code: 'custom',
        message: `an unknown placeholder; known are ${placeholders.map((each) => `{${each}}`).join(', ')}`,
      });
  }
  if (/[{}]/.test(text.replaceAll(/\{[^{}]*\}/g, '')))
    context.addIssue({ code: 'custom', message: 'a brace without its partner' });
}

/** A gym's words lead nowhere and pretend no second message: they stand on one line, and what follows is the platform's. */
function checkWords(text: string, context: z.RefinementCtx<string>): void {
  if (!isPlain(text))
    context.addIssue({ code: 'custom', message: 'a line break, or a character that is not seen' });
  if (holdsLink(text.replaceAll(/\{[^{}]*\}/g, 'aa')))
    context.addIssue({
      code: 'custom',
      message: 'a link, or what phones make one of: a dot without a space behind it',
    });
  checkPlaceholders(text, context);
}

/** What fits is three SMS at most, which depends on its characters. */
const longestBody = 500;

export const templateBody = z
  .string()
  .trim()
  .min(1)
  .max(longestBody)
  .superRefine((text, context) => {
    checkWords(text, context);
    if (text.split('{code}').length !== 2)
      context.addIssue({ code: 'custom', message: '{code} exactly once' });
  })
  .meta({
    description:
      'One line with the placeholders {code} (exactly once), {app} and {minutes}, and without links. ' +
      'The platform adds a line of its own. All together is three SMS at most',
  });

/** A subject is shown on locked screens and kept in logs of mail servers: it holds no code. */
export const templateSubject = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .superRefine((text, context) => {
    checkWords(text, context);
    if (text.includes('{code}')) context.addIssue({ code: 'custom', message: 'no {code} in a subject' });
  });
