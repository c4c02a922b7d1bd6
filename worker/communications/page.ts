/** Lists of the three APIs: pages by an opaque cursor. */
import { z } from '@hono/zod-openapi';
import { ProblemError } from '../http/problems';

export const pageQuery = z.object({
  cursor: z
    .string()
    .min(1)
    .max(1_024)
    .optional()
    .openapi({ description: '`nextCursor` of the page before; without it, the first one.' }),
  limit: z.coerce.number().int().min(1).max(200).default(50).openapi({ example: 50 }),
});

/** `{items, nextCursor}`; `nextCursor` is null on the last page. */
export const pageOf = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

type Position = readonly (string | number)[];

/** Where a page ended: the values its list is ordered by. */
export const encodeCursor = (position: Position): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url');

/**
 * Reads a cursor back; `shape` says of which types the values are.
 *
 * @throws ProblemError invalid_request for what no list of ours gave out
 */
export function decodeCursor<const S extends readonly ('string' | 'number')[]>(
  cursor: string | undefined,
  shape: S,
): { [I in keyof S]: S[I] extends 'string' ? string : number } | null {
  if (cursor === undefined) return null;
  let position: unknown;
  try {
    position = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw unknownCursor();
  }
  if (
    !Array.isArray(position) ||
    position.length !== shape.length ||
    position.some((value, index) => typeof value !== shape[index])
  )
    throw unknownCursor();
  return position as unknown as { [I in keyof S]: S[I] extends 'string' ? string : number };
}

const unknownCursor = (): ProblemError =>
  new ProblemError('invalid_request', 'The cursor is none of this list.', {
    errors: [{ field: 'cursor', message: 'take nextCursor of the page before, as it is' }],
  });
