import { Script } from '../../../../bridge/protocol/slots';

/** Something wrong with a script: where, and which kind of wrong, for words in the reader's language. */
export interface Problem {
  path: readonly (string | number)[];
  kind: 'missing' | 'low' | 'high' | 'form' | 'target' | 'unknown_fields' | 'no_param' | 'same_name' | 'said';
  /** The limit, the unknown names, the server's own words. */
  detail: string;
}

type Issue = NonNullable<ReturnType<typeof Script.safeParse>['error']>['issues'][number];

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    value,
  );

function problemOf(issue: Issue, script: unknown): Problem {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const value = valueAt(script, issue.path);
  if (path.includes('target'))
    return { path: path.slice(0, path.indexOf('target') + 1), kind: 'target', detail: '' };
  if (value === undefined || value === '') return { path, kind: 'missing', detail: '' };
  switch (issue.code) {
    case 'too_small':
      if (Array.isArray(value) && value.length === 0) return { path, kind: 'missing', detail: '' };
      return { path, kind: 'low', detail: String(issue.minimum) };
    case 'too_big':
      return { path, kind: 'high', detail: String(issue.maximum) };
    case 'unrecognized_keys':
      return { path, kind: 'unknown_fields', detail: issue.keys.join(', ') };
    default:
      return { path, kind: 'form', detail: '' };
  }
}

/** Texts in which `{{name}}` is filled, with where they are. */
function* templatesIn(value: unknown, path: (string | number)[]): Generator<[(string | number)[], string]> {
  if (typeof value === 'string') yield [path, value];
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value))
      yield* templatesIn(inner, [...path, Array.isArray(value) ? Number(key) : key]);
}

interface Draft {
  params: readonly { name?: unknown }[];
  steps: readonly Record<string, unknown>[];
}

/** Names filled in steps that no parameter has, and two parameters of one name: right by form, wrong all the same. */
function meaningOf({ params, steps }: Draft): Problem[] {
  const names = params.map(({ name }) => name);
  const known = new Set(names);
  const twice = names.flatMap((name, index): Problem[] =>
    name !== '' && names.indexOf(name) !== index
      ? [{ path: ['params', index, 'name'], kind: 'same_name', detail: '' }]
      : [],
  );
  const unfilled = steps.flatMap((step, index) =>
    [...templatesIn(step, ['steps', index])].flatMap(([path, text]) =>
      [...text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)]
        .filter(([, name]) => !known.has(name))
        .map(([, name = '']): Problem => ({ path: path.slice(0, 3), kind: 'no_param', detail: name })),
    ),
  );
  return [...twice, ...unfilled];
}

/** Everything wrong with a script as it is now, by the same schema the server and the bridge hold it to. */
export function problemsOf(script: Draft): Problem[] {
  const { error } = Script.safeParse(script);
  return [...(error?.issues ?? []).map((issue) => problemOf(issue, script)), ...meaningOf(script)];
}

const words = (value: unknown): string =>
  Array.isArray(value)
    ? value.map(words).join('; ')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);

/**
 * The problems a server's refusal names: `details` of INVALID_PARAMS has them by path (`steps.3.key`). The path may
 * begin with the name of what held the script.
 */
export function problemsSaid(details: unknown): Problem[] {
  if (typeof details !== 'object' || details === null) return [];
  return Object.entries(details).map(([path, said]) => {
    const parts = path
      .replaceAll(/\[(\d+)\]/g, '.$1')
      .split('.')
      .filter(Boolean)
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    const from = parts.findIndex((part) => ['name', 'title', 'params', 'steps'].includes(String(part)));
    return { path: from > 0 ? parts.slice(from) : parts, kind: 'said', detail: words(said) };
  });
}

/** The problems at a place and under it. */
export const problemsAt = (problems: readonly Problem[], path: readonly (string | number)[]): Problem[] =>
  problems.filter((problem) => path.every((part, at) => problem.path[at] === part));
