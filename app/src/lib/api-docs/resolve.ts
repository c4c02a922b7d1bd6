type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const at = (document: Json, path: readonly string[]): Json | undefined => {
  let here: Json | undefined = document;
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Array.isArray(here) ? here[Number(step)] : here[step];
  }
  return here;
};

/** `#/components/schemas/Call` as a path; null for what is in another document. */
const pathOf = (ref: string): string[] | null =>
  ref.startsWith('#/')
    ? ref
        .slice(2)
        .split('/')
        .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'))
    : null;

/**
 * A part of a document with what it refers to in place. A part that contains itself is left as a reference there;
 * `$$ref` tells the viewer the name of what was put in.
 *
 * Our document refers to nothing but itself. The viewer's own resolver, which allows for everything, needs ten seconds
 * of a fast machine for a document of this size, and again for each operation that is opened.
 */
export function resolveSubtree(
  document: Json,
  path: readonly string[],
): Promise<{ spec: Json | undefined; errors: [] }> {
  const walk = (value: Json, within: readonly string[]): Json => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => walk(item, within));
    const ref = value.$ref;
    if (typeof ref === 'string') {
      const target = within.includes(ref) ? undefined : at(document, pathOf(ref) ?? ['']);
      if (target === undefined) return value;
      const put = walk(target, [...within, ref]);
      return typeof put === 'object' && put !== null && !Array.isArray(put) ? { ...put, $$ref: ref } : put;
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, within)]));
  };
  const part = at(document, path);
  return Promise.resolve({ spec: part === undefined ? part : walk(part, []), errors: [] });
}
