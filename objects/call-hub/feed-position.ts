/** Where a client of the live socket says it was, null where it says nothing. What can't be true makes it reload. */
export function feedPosition(query: URLSearchParams): { epoch: string; offset: number } | null {
  const epoch = query.get('epoch');
  const offset = query.get('offset');
  if (epoch === null || offset === null) return null;
  return { epoch, offset: /^\d{1,15}$/.test(offset) ? Number(offset) : -1 };
}
