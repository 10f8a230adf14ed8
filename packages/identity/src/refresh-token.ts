import { hash, randomBytes } from 'node:crypto';

/** A session's id and a secret. */
export interface RefreshToken {
  sessionId: string;
  /** SHA-256 of the secret, all that is kept of it; 256 random bits need no slower hash. */
  hash: Buffer;
}

const idBytes = 16;
const secretBytes = 32;
/** 48 bytes in base64url. */
const form = /^[\w-]{64}$/;

/** Draws a token for a session (a UUID). Its text goes to the client and is not kept. */
export function createRefreshToken(sessionId: string): RefreshToken & { text: string } {
  const secret = randomBytes(secretBytes);
  const id = Buffer.from(sessionId.replaceAll('-', ''), 'hex');
  return { sessionId, hash: hashOf(secret), text: Buffer.concat([id, secret]).toString('base64url') };
}

/** Reads a token; undefined for what cannot be one. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  if (!form.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const sessionId = bytes
    .subarray(0, idBytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return { sessionId, hash: hashOf(bytes.subarray(idBytes)) };
}

function hashOf(secret: Buffer): Buffer {
  return hash('sha256', secret, 'buffer');
}
