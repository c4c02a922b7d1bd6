/** A route as Hono lists it; `ALL` is middleware. */
export interface MountedRoute {
  method: string;
  path: string;
}

const patterns = new Map<string, RegExp>();

/** The regular expression of a route's path: `:name`, `:name{regex}`, `:name?` and `*` as Hono reads them. */
function patternOf(path: string): RegExp {
  let pattern = patterns.get(path);
  if (pattern === undefined) {
    const source = path
      .split('/')
      .slice(1)
      .map((part) => {
        if (part === '*') return '/.*';
        const name = /^:[^{?]+(?:\{(.+)\})?(\?)?$/.exec(part);
        if (name === null) return `/${part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`;
        const segment = `/(?:${name[1] ?? '[^/]+'})`;
        return name[2] === undefined ? segment : `(?:${segment})?`;
      })
      .join('');
    pattern = new RegExp(`^${source}$`);
    patterns.set(path, pattern);
  }
  return pattern;
}

/** Methods some route knows for this path, for `Allow`; empty when none does. */
export function allowedMethods(routes: readonly MountedRoute[], path: string): string[] {
  const methods = new Set<string>();
  for (const route of routes) {
    if (route.method === 'ALL' || !patternOf(route.path).test(path)) continue;
    methods.add(route.method);
    if (route.method === 'GET') methods.add('HEAD');
  }
  return [...methods].toSorted();
}
