import { z } from 'zod';

/** The environment does not hold what the program needs. The message names every variable and no value. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Reads typed configuration from the environment.
 * @throws {ConfigError} with all faults at once.
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  environment: Record<string, string | undefined>,
): z.infer<S> {
  const result = schema.safeParse(environment);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const name = issue.path.join('.');
    const missing = environment[String(issue.path[0])] === undefined;
    // Zod's messages say what was expected; those of custom checks are ours. Neither repeats the input.
    return `  ${name}: ${missing ? 'is not set' : issue.message}`;
  });
  throw new ConfigError(`The environment is not complete:\n${faults.join('\n')}`);
}

/** The same for a program that can do nothing without: it says what is wrong, and ends. */
export function loadConfigOrExit<S extends z.ZodObject>(
  schema: S,
  environment: Record<string, string | undefined>,
): z.infer<S> {
  try {
    return loadConfig(schema, environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** A variable that holds JSON: `json.pipe(schema)`. */
export const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' });
    return z.NEVER;
  }
});

/** JSON with `username` and `password`: how a server knows the program. */
export const login = json.pipe(z.object({ username: z.string().min(1), password: z.string().min(1) }));

/** The address with the login in it; as it is without one. */
export function withLogin(
  address: string,
  { username, password }: Partial<z.infer<typeof login>> = {},
): string {
  const url = new URL(address);
  if (username !== undefined) url.username = username;
  if (password !== undefined) url.password = password;
  return url.href;
}
