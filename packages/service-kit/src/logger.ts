import { type DestinationStream, type Logger, pino } from 'pino';
import { redactText } from './redact.ts';

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

/** Characters of one text in a line: a longer one is cut. Of a stack, what shows where it came from. */
const longestText = 2_048;
const longestStack = 8_192;

/** A copy without the values of secret fields; the value itself where there is nothing to take out. */
function redactFields(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth) return '[too deep]';
  if (value instanceof Error) return serializeError(value, depth);
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
      // Errors are written by the formatter below; pino's own serializer would write them once more.
      serializers: { err: (error: unknown) => error },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redactFields(fields) as Record<string, unknown>,
        bindings: (fields) => redactFields(fields) as Record<string, unknown>,
      },
      hooks: {
        logMethod(args, method) {
          // The message, and what is put into it.
          const cleaned = args.map((arg) => (typeof arg === 'string' ? clean(arg) : arg));
          method.apply(this, cleaned as Parameters<typeof method>);
        },
      },
    },
    destination ??
      pino.destination({ dest: 1, sync: false, minLength: batchBytes, periodicFlush: batchMilliseconds }),
  );
}

/** Name, message, code and stack: enough to find the fault. A driver's error also carries the query's values. */
function serializeError(error: Error, depth: number): unknown {
  const { code } = error as { code?: unknown };
  return {
    type: clean(error.name),
    message: clean(error.message),
    stack: error.stack && clean(error.stack, longestStack),
    // Not `code`: that is what a one-time code is called, and it is redacted.
    ...(typeof code === 'string' && { errorCode: clean(code) }),
    ...(error.cause instanceof Error && { cause: redactFields(error.cause, depth + 1) }),
  };
}

/** Without secrets, and no longer than a line may be. Cut afterwards: half a secret would not be known for one. */
function clean(text: string, longest = longestText): string {
  const redacted = redactText(text);
  return redacted.length > longest ? `${redacted.slice(0, longest)}…` : redacted;
}
