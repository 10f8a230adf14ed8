import { z } from 'zod';
import { text } from './plain-text.ts';

const bound = { most: 200, usual: 50 };

/** Of a list's query: where it goes on, and how much of it. */
export const paging = {
  cursor: text(200).optional().meta({ description: '`nextCursor` of the page before, as it was' }),
  limit: z.coerce.number().int().min(1).max(bound.most).default(bound.usual),
};
/** The same in a body, where a number is one. */
export const pagingInBody = { ...paging, limit: z.int().min(1).max(bound.most).default(bound.usual) };
