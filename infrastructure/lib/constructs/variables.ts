import type { z } from 'zod';

/**
 * The environment a program's configuration schema asks for: what it cannot do without must be given, or this does not
 * compile. Values are texts here; the schema says what they mean there.
 */
export type VariablesOf<S extends z.ZodType> = {
  [Name in keyof Omit<z.input<S>, 'AWS_REGION'>]: string;
};

/** Without what was not given. */
export function given(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
