import { type ProblemCode, type ProblemDocument, problems, type RestorableWindow } from '@kyong/contracts';
import type { z } from 'zod';

interface ProblemOptions {
  detail?: string;
  errors?: { path: string; message: string }[];
  retryAfterSeconds?: number;
  attemptsLeft?: number;
  /** With `operation_running`. */
  operation?: { operationId: string; statusUrl: string };
  window?: RestorableWindow;
  /** With `insufficient_user_authentication`: how long ago the sign-in may be. */
  maxAgeSeconds?: number;
  cause?: unknown;
}

/** An error that is meant for the client: it becomes a problem document (RFC 9457). */
export class Problem extends Error {
  override name = 'Problem';
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? problems[code].title, { cause: options.cause });
    this.code = code;
    this.options = options;
  }

  get status(): number {
    return problems[this.code].status;
  }

  /** A 400 that says which field is wrong and how; zod's messages do not repeat the input. */
  static fromZod(error: z.core.$ZodError, root = 'body'): Problem {
    return new Problem('malformed_request', {
      errors: error.issues.slice(0, 20).map((issue) => ({
        path: [root, ...issue.path].map(String).join('.').slice(0, 200),
        message: issue.code === 'unrecognized_keys' ? 'unknown field' : issue.message,
      })),
    });
  }
}

export interface ProblemResponse {
  status: number;
  headers: Record<string, string>;
  body: ProblemDocument;
}

/** A part that is away is back in a moment; somebody has to make room on a disk. */
const defaultRetryAfterSeconds: Partial<Record<ProblemCode, number>> = {
  unavailable: 5,
  insufficient_storage: 30,
};

/** What a client gets to see of an error: a problem says what it says, anything else is a plain 500 or 503. */
export function problemResponse(error: unknown, requestId: string): ProblemResponse {
  const problem = asProblem(error);
  const { detail, errors, attemptsLeft, window, operation } = problem.options;
  const retryAfterSeconds = problem.options.retryAfterSeconds ?? defaultRetryAfterSeconds[problem.code];
  return {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
      ...(problem.status === 401 && { 'www-authenticate': challenge(problem) }),
      ...(retryAfterSeconds !== undefined && {
        'retry-after': String(Math.max(1, Math.ceil(retryAfterSeconds))),
      }),
    },
    body: {
      type: `/docs/#${problem.code}`,
      title: problems[problem.code].title,
      status: problem.status,
      ...(detail !== undefined && { detail }),
      code: problem.code,
      requestId,
      ...(errors && { errors }),
      ...(attemptsLeft !== undefined && { attemptsLeft }),
      ...(window && { window }),
      ...operation,
    },
  };
}

/** What a client has to bring (RFC 6750), and for a step-up how fresh (RFC 9470). */
function challenge({ code, options: { maxAgeSeconds } }: Problem): string {
  if (code !== 'insufficient_user_authentication') return 'Bearer';
  const maxAge = maxAgeSeconds === undefined ? '' : `, max_age="${maxAgeSeconds}"`;
  return `Bearer error="${code}"${maxAge}`;
}

/** Errors of the network and of a database that is away: worth trying again, so a 503 and not a 500. */
const unavailableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  // PostgreSQL: shutting down, starting up, crashed, out of connections, read-only after a failover, a role shut out while
  // its database is moved
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '25006',
  '28000',
]);
const unavailableMessages =
  /Connection terminated|is not queryable|Query read timeout|timeout exceeded when trying to connect|Connection is closed|ClusterAllFailedError|Failed to refresh slots|CLUSTERDOWN|LOADING|max retries per request|offline ?queue|Command timed out|Query read timeout|Too many Cluster redirections|Reached the max retries/i;

/** The file system has no room, or none for us (POSIX); PostgreSQL says so (`disk_full`). */
const outOfSpaceCodes = new Set(['ENOSPC', 'EDQUOT', '53100']);
/** Of Redis, whose log of writes (AOF) cannot grow. */
const outOfSpaceMessages = /^MISCONF /;

/** Whether the cause is a disk that is full. */
export function isOutOfSpace(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && outOfSpaceCodes.has(code)) return true;
  if (outOfSpaceMessages.test(error.message)) return true;
  if (error instanceof AggregateError) return error.errors.some(isOutOfSpace);
  return error.cause !== undefined && isOutOfSpace(error.cause);
}

/** Text that PostgreSQL does not store: the character NUL, and in JSON half a surrogate pair. */
const unstorableTextCodes = new Set(['22021', '22P05']);

/** Whether the cause is a part of the platform that is away for the moment. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && (unavailableCodes.has(code) || code.startsWith('08'))) return true;
  if (unavailableMessages.test(error.message) || unavailableMessages.test(error.name)) return true;
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  return error.cause !== undefined && isUnavailable(error.cause);
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isOutOfSpace(error)) return new Problem('insufficient_storage', { cause: error });
  if (isUnavailable(error)) return new Problem('unavailable', { cause: error });
  const { statusCode: status, code } = (error ?? {}) as { statusCode?: unknown; code?: unknown };
  if (typeof code === 'string' && unstorableTextCodes.has(code))
    return new Problem('malformed_request', {
      detail: 'A text has a character that cannot be stored.',
      cause: error,
    });
  // A name in a path that is longer than any of ours.
  if (status === 414) return new Problem('not_found', { cause: error });
  if (status === 413) return new Problem('payload_too_large', { cause: error });
  if (status === 415) return new Problem('unsupported_media_type', { cause: error });
  if (status === 400) {
    const json = /JSON/.test(String((error as { code?: string }).code)) || error instanceof SyntaxError;
    return new Problem(json ? 'malformed_json' : 'malformed_request', { cause: error });
  }
  return new Problem('internal', { cause: error });
}
