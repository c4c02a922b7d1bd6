import type { ApiError } from '#lib/api/errors.js';

/** What the server says about one field of a form, null when nothing; nested fields are dotted. */
export function problemOf(error: ApiError | null, field: string): string | null {
  const details = error?.code === 'INVALID_PARAMS' ? error.details : null;
  if (typeof details !== 'object' || details === null) return null;
  const said: unknown = Reflect.get(details, field);
  return Array.isArray(said) && said.length > 0 ? String(said[0]) : null;
}
