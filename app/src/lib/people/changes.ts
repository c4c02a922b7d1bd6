/** One field of an audit entry that is not what it was. `from` or `to` is null where there was nothing. */
export interface FieldChange {
  field: string;
  from: string | null;
  to: string | null;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shown(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What changed between two states of a thing, field by field; equal fields are left out. */
export function changesBetween(before: unknown, after: unknown): FieldChange[] {
  if (!isRecord(before) && !isRecord(after)) {
    const [from, to] = [shown(before), shown(after)];
    return from === to ? [] : [{ field: '', from, to }];
  }
  const [old, now] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((field) => {
    const [from, to] = [shown(old[field]), shown(now[field])];
    return from === to ? [] : [{ field, from, to }];
  });
}
