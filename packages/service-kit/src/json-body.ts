import { parse } from 'secure-json-parse';
import { Problem } from './problem.ts';

/**
 * A JSON body as a client sent it; undefined for an empty one, which clients send with a JSON content type where there is no
 * body to send.
 * @throws {Problem} 400 for what is not JSON, a key that would reach a prototype, and half of a surrogate pair: a text cut in
 * the middle of an emoji is not Unicode, and no database takes it.
 */
export function parseJsonBody(text: string): unknown {
  if (text === '') return undefined;
  const body = parsed(text);
  // Half a pair comes as an escape only: bytes that are not UTF-8 became U+FFFD before.
  if (text.includes('\\u') && !isWellFormed(body)) {
    throw new Problem('malformed_request', {
      detail: 'A text has half of a surrogate pair: it was cut inside a character.',
    });
  }
  return body;
}

function parsed(text: string): unknown {
  try {
    return parse(text, { protoAction: 'error', constructorAction: 'error' });
  } catch (cause) {
    throw new Problem('malformed_json', { cause });
  }
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, field]) => key.isWellFormed() && isWellFormed(field));
}
