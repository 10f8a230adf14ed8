import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Fields that hold a secret or a person, wherever they stand in what is logged. */
const secretFields = new Set([
  'authorization',
  'password',
  'secret',
  'token',
  'accessToken',
  'refreshToken',
  'code',
  'to',
  'phone',
  'phoneNumber',
  'email',
  'cookie',
]);
/**
 * Lines leave together: a write for each of them would cost more than all the rest of logging. What is waiting when the
 * process ends is written then; a process that is killed takes this much with it at most.
 */
const batchBytes = 4_096;
const batchMilliseconds = 200;
/** Deeper than anything we log; what lies below is not written. */
const maxDepth = 8;

/**
 * Patterns that must not reach a log even inside a sentence, a URL or a driver's error:
 * JSON Web Tokens, credentials in URLs, phone numbers (E.164), e-mail addresses.
 */
const secretPatterns: [RegExp, string][] = [
  [/eyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g, '[token]'],
  [/(\w+:\/\/[^\s:@/"]*):[^\s@/"]+@/g, '$1:[secret]@'],
  [/\+[1-9]\d{7,14}\b/g, '[phone]'],
  [/(%2B)[1-9]\d{7,14}\b/gi, '[phone]'],
  [/[\w.%+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+/gi, '[email]'],
];

/** What every text with a secret in it contains: most lines do not, and finding that out is quick. */
const secretMarks = ['eyJ', '://', '+', '%2B', '%2b', '@', '%40'];

/** Takes secrets and personal data out of a text. */
export function redactText(text: string): string {
  if (!secretMarks.some((mark) => text.includes(mark))) return text;
  return secretPatterns.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

/** A copy without the values of secret fields; the value itself where there is nothing to take out. */
function redactFields(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return serializeError(value);
  if (depth > maxDepth) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => redactFields(item, depth + 1));
  // Dates and the like are written as their own `toJSON` says.
  if ('toJSON' in value) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value))
    copy[name] = secretFields.has(name) ? '[redacted]' : redactFields(field, depth + 1);
  return copy;
}

/** JSON lines on standard output (or `destination`), without secrets, phones, codes or tokens. */
export function createLogger(
  options: { service: string; level?: string },
  destination?: DestinationStream,
): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redactFields(fields) as Record<string, unknown>,
        bindings: (fields) => redactFields(fields) as Record<string, unknown>,
      },
      hooks: { streamWrite: redactText },
    },
    destination ??
      pino.destination({ dest: 1, sync: false, minLength: batchBytes, periodicFlush: batchMilliseconds }),
  );
}

/** Name, message, code and stack: enough to find the fault. A driver's error also carries the query's values. */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    // Not `code`: that is what a one-time code is called, and it is redacted.
    ...(typeof code === 'string' && { errorCode: code }),
    ...(error.cause instanceof Error && { cause: serializeError(error.cause) }),
  };
}
