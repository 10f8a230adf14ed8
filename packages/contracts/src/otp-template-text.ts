import { z } from 'zod';

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

/** Line breaks are. */
export const printable = (text: string) => !/[^\P{Cc}\n]/u.test(text);

/** Longer ones would cost ten messages and more in Chinese. */
const longestBody = 500;

export const templateBody = z
  .string()
  .trim()
  .min(1)
  .max(longestBody)
  .refine(printable, 'a control character')
  .superRefine((text, context) => {
    checkPlaceholders(text, context);
    if (text.split('{code}').length !== 2)
      context.addIssue({ code: 'custom', message: '{code} exactly once' });
  })
  .meta({ description: 'With the placeholders {code} (exactly once), {app} and {minutes}' });

/** A subject is shown on locked screens and kept in logs of mail servers: it holds no code. */
export const templateSubject = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .refine((text) => !/\p{Cc}/u.test(text), 'a control character')
  .superRefine((text, context) => {
    checkPlaceholders(text, context);
    if (text.includes('{code}')) context.addIssue({ code: 'custom', message: 'no {code} in a subject' });
  });
