import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Fields that hold a secret or a person, wherever they stand in what is logged. */
const secretFields = [
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
];

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

/** Takes secrets and personal data out of a text. */
export function redactText(text: string): string {
  return secretPatterns.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
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
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[redacted]',
      },
      serializers: { err: serializeError },
      hooks: { streamWrite: redactText },
    },
    destination ?? pino.destination({ dest: 1, sync: false }),
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
