/** Which refusals the API document promises, and which of them no test has heard. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');
/** Where the reporter leaves what each test file heard. */
export const HEARD = join(root, 'dist/refusals');

interface Media {
  examples?: Record<string, { value?: { code?: string | number } }>;
}
export interface ApiDocument {
  paths: Record<
    string,
    Record<string, { responses?: Record<string, { content?: Record<string, Media> }> } | undefined>
  >;
}

interface Promised {
  method: string;
  path: string;
  status: string;
  /** Empty where the shape of the route's API has no codes. */
  code: string;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** Every refusal the document names, one per route, status and code. */
function promisedBy(document: ApiDocument): Promised[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) =>
      Object.entries(item[method]?.responses ?? {})
        .filter(([status]) => /^[45]\d\d$/.test(status))
        .flatMap(([status, response]) => {
          const examples = Object.values(response.content?.['application/json']?.examples ?? {});
          const codes = new Set(examples.map(({ value }) => String(value?.code ?? '')));
          if (codes.size === 0) codes.add('');
          return [...codes].map((code) => ({ method: method.toUpperCase(), path, status, code }));
        }),
    ),
  );
}

/** A path as every spelling of it has it: without `/v1` and the slash at its end. */
const plain = (path: string): string => path.replace(/^\/api\/v1(?=\/|$)/, '/api').replace(/(.)\/$/, '$1');

/** Finds the routes of a request: the template with the fewest parameters that fits, in each spelling; of a wrong method, every route there. */
function matcher(document: ApiDocument): (method: string, path: string, status: string) => string[] {
  const templates = Object.entries(document.paths)
    .map(([path, item]) => ({
      path,
      item,
      parameters: path.split('{').length,
      pattern: new RegExp(
        `^${plain(path)
          .replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
          .replaceAll(/\{[^}]+\}/g, '[^/]+')}$`,
      ),
    }))
    .toSorted((a, b) => a.parameters - b.parameters);
  return (method, path, status) => {
    const here = templates.filter(({ pattern }) => pattern.test(plain(path)));
    const known = here.find(({ item }) => item[method.toLowerCase()] !== undefined);
    if (known !== undefined)
      return here
        .filter(({ path: at, item }) => plain(at) === plain(known.path) && item[method.toLowerCase()])
        .map(({ path: at }) => `${method} ${at}`);
    if (status !== '405') return [];
    return here.flatMap(({ path: at, item }) =>
      METHODS.filter((one) => item[one] !== undefined).map((one) => `${one.toUpperCase()} ${at}`),
    );
  };
}

/** What the document promises and nobody heard, and what was heard and is not promised: lines for people. */
export function gaps(
  document: ApiDocument,
  heard: readonly string[],
): { promised: number; unheard: string[]; unpromised: string[] } {
  const routesOf = matcher(document);
  const promised = new Set(
    promisedBy(document).map(({ method, path, status, code }) =>
      `${method} ${path} ${status} ${code}`.trim(),
    ),
  );
  const reached = new Set<string>();
  const unpromised = new Set<string>();
  for (const line of heard) {
    const [method = '', path = '', status = '', code = ''] = line.split(' ');
    // No route: an unknown path, which the document does not list.
    for (const route of routesOf(method, path, status)) {
      const key = `${route} ${status} ${code}`.trim();
      // A document that names no codes of a status promises the status alone.
      const bare = `${route} ${status}`;
      if (promised.has(key)) reached.add(key);
      else if (promised.has(bare)) reached.add(bare);
      // What a wrong method gets is the same everywhere; only the dialer's document says so of each path.
      else if (status !== '405') unpromised.add(key);
    }
  }
  return {
    promised: promised.size,
    unheard: [...promised].filter((key) => !reached.has(key)).toSorted(),
    unpromised: [...unpromised].toSorted(),
  };
}

/** Every refusal any test file of the last runs heard. */
export function allHeard(): string[] {
  if (!existsSync(HEARD)) return [];
  return readdirSync(HEARD)
    .filter((name) => existsSync(join(root, name.replace(/\.json$/, '').replaceAll('~', '/'))))
    .flatMap((name) => JSON.parse(readFileSync(join(HEARD, name), 'utf8')) as string[]);
}
