import { Problem } from '@kyong/service-kit';
import { z } from 'zod';

const position = z.tuple([z.iso.datetime(), z.uuid()]);

/** Where a page begins: after what was made at this time under this id. @throws {Problem} `malformed_request` */
export function positionOf(cursor: string | undefined): { createdAt: string; id: string } | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [createdAt, id] = position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { createdAt, id };
  } catch (cause) {
    throw new Problem('malformed_request', {
      cause,
      errors: [{ path: 'query.cursor', message: 'is none of ours' }],
    });
  }
}

/** Of one item more than asked for: the page, and the cursor of the next if there is one. */
export function pageOf<T>(
  found: T[],
  limit: number,
  place: (item: T) => { createdAt: string; id: string },
): { items: T[]; nextCursor: string | null } {
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  if (!last) return { items, nextCursor: null };
  const { createdAt, id } = place(last);
  return { items, nextCursor: Buffer.from(JSON.stringify([createdAt, id])).toString('base64url') };
}
