/** Configurations of a provider as rows that people read, and what is different between two of them. */
import type { Configuration } from './api';

/** The part of a configuration that its developer wrote. */
export type ConfigurationContent = Pick<
  Configuration,
  'providerLabel' | 'endpoints' | 'authentication' | 'capabilities'
>;

export type Part = 'label' | 'endpoint' | 'authentication' | 'capability';

/** One thing that a configuration says. */
export interface Said {
  part: Part;
  /** Which one of its part: an endpoint's name, a field of the key, `telegram · maxTextLength`. */
  name: string;
  value: string;
}

/** Null where one of the two says nothing of it. */
export interface Difference {
  part: Part;
  name: string;
  from: string | null;
  to: string | null;
}

const byName = (a: [string, unknown], b: [string, unknown]): number =>
  a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;

function saidOfChannel(code: string, rules: NonNullable<Configuration['capabilities']>[string]): Said[] {
  const { messages, ...limits } = rules;
  const said: Said[] = Object.entries(messages ?? {})
    .toSorted(byName)
    // What can be done is a set: another order is no difference.
    .map(([type, actions]) => ({
      part: 'capability',
      name: `${code} · ${type}`,
      value: actions.toSorted().join(', ') || '–',
    }));
  for (const [name, value] of Object.entries(limits).toSorted(byName))
    if (value !== undefined)
      said.push({ part: 'capability', name: `${code} · ${name}`, value: String(value) });
  return said.length > 0 ? said : [{ part: 'capability', name: code, value: '*' }];
}

/** Everything a configuration says, row by row, in an order of its own. */
export function rowsOf({
  providerLabel,
  endpoints,
  authentication,
  capabilities,
}: ConfigurationContent): Said[] {
  return [
    { part: 'label', name: '', value: providerLabel },
    ...Object.entries(endpoints)
      .toSorted(byName)
      .map(([name, value]): Said => ({ part: 'endpoint', name, value })),
    ...Object.entries(authentication).map(([name, value]): Said => ({ part: 'authentication', name, value })),
    ...Object.entries(capabilities ?? {})
      .toSorted(byName)
      .flatMap(([code, rules]) => saidOfChannel(code, rules)),
  ];
}

const keyOf = ({ part, name }: Said): string => `${part} ${name}`;

/** What the second one says otherwise than the first; empty where they say the same. */
export function differencesBetween(before: ConfigurationContent, after: ConfigurationContent): Difference[] {
  const [old, now] = [rowsOf(before), rowsOf(after)];
  const was = new Map(old.map((said) => [keyOf(said), said.value]));
  const is = new Map(now.map((said) => [keyOf(said), said.value]));
  const gone = old.filter((said) => !is.has(keyOf(said)));
  return [...now, ...gone].flatMap((said) => {
    const [from, to] = [was.get(keyOf(said)) ?? null, is.get(keyOf(said)) ?? null];
    return from === to ? [] : [{ part: said.part, name: said.name, from, to }];
  });
}
