const CACHED = 2_000;

/** Adds to a map that forgets its oldest entry when full. */
export function put<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= CACHED && !map.has(key)) {
    const oldest = map.keys().next();
    if (!oldest.done) map.delete(oldest.value);
  }
  map.set(key, value);
}
