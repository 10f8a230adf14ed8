import { createHmac, hash, randomBytes } from 'node:crypto';

/** A refresh token as it was presented: a session's id and a secret. */
export interface RefreshToken {
  sessionId: string;
  /** SHA-256 of the secret, all that is kept of it; 128 random bits that change with each token need no slower hash. */
  hash: Buffer;
  /** SHA-256 of the part that all tokens of a session have in common: who knows it has had one of them. */
  familyHash: Buffer;
  secret: Buffer;
}

export interface NewRefreshToken extends Pick<RefreshToken, 'hash' | 'familyHash'> {
  /** Goes to the client and is not kept. */
  text: string;
}

const idBytes = 16;
const familyBytes = 16;
const turnBytes = 16;
const saltBytes = 32;
/** 48 bytes in base64url. */
const form = /^[\w-]{64}$/;

/** Draws the first token of a session (a UUID). */
export function createRefreshToken(sessionId: string): NewRefreshToken {
  return tokenOf(sessionId, randomBytes(familyBytes + turnBytes));
}

/** Drawn for each successor, and kept beside it. */
export const drawSalt = (): Buffer => randomBytes(saltBytes);

/**
 * The token after this one: the same for the same salt, so that whoever presents this one again can be given the same. Neither
 * a copy of the database (it has no secret) nor this token alone (it has no salt) tells it.
 */
export function successorOf({ sessionId, secret }: RefreshToken, salt: Buffer): NewRefreshToken {
  const turn = createHmac('sha256', secret).update(salt).digest().subarray(0, turnBytes);
  return tokenOf(sessionId, Buffer.concat([secret.subarray(0, familyBytes), turn]));
}

/** Reads a token; undefined for what cannot be one. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  if (!form.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const sessionId = bytes
    .subarray(0, idBytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const secret = bytes.subarray(idBytes);
  return { sessionId, secret, ...hashesOf(secret) };
}

function tokenOf(sessionId: string, secret: Buffer): NewRefreshToken {
  const id = Buffer.from(sessionId.replaceAll('-', ''), 'hex');
  return { ...hashesOf(secret), text: Buffer.concat([id, secret]).toString('base64url') };
}

function hashesOf(secret: Buffer): Pick<RefreshToken, 'hash' | 'familyHash'> {
  const sha256 = (bytes: Buffer) => hash('sha256', bytes, 'buffer');
  return { hash: sha256(secret), familyHash: sha256(secret.subarray(0, familyBytes)) };
}
