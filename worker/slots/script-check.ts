/** What is wrong with a script beyond its shape: parameters that are used and not there, and the like. */
import { Script, type ScriptStep } from '../../bridge/protocol/slots';
import { fieldProblems } from '../http/openapi';

export type Problems = Record<string, string[]>;
export type Checked = { ok: true; script: Script } | { ok: false; problems: Problems };

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;

/**
 * A script by its shape and its meaning. Problems are named by field, dotted, positions from 0: `steps.2.ms`.
 *
 * @example
 * checkScript({ name: 'a', params: [], steps: [{ do: 'text', text: '{{number}}' }] })
 * // { ok: false, problems: { 'steps.0.text': ['there is no parameter "number"'] } }
 */
export function checkScript(value: unknown): Checked {
  const parsed = Script.safeParse(value);
  if (!parsed.success) return { ok: false, problems: fieldProblems(parsed.error) };
  const problems: Problems = {};
  const add = (field: string, problem: string): void => void (problems[field] ??= []).push(problem);

  const names = new Set<string>();
  parsed.data.params.forEach(({ name }, index) => {
    if (names.has(name)) add(`params.${index}.name`, 'another parameter has this name');
    names.add(name);
  });
  parsed.data.steps.forEach((step, index) => {
    for (const [field, text] of textsOf(step))
      for (const problem of placeholderProblems(text, names)) add(`steps.${index}.${field}`, problem);
  });
  return Object.keys(problems).length === 0 ? { ok: true, script: parsed.data } : { ok: false, problems };
}

function placeholderProblems(text: string, names: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  for (const [, name = ''] of text.matchAll(PLACEHOLDER))
    if (!names.has(name)) problems.push(`there is no parameter "${name}"`);
  if (/\{\{|\}\}/.test(text.replace(PLACEHOLDER, ''))) problems.push('unbalanced {{ }}');
  return problems;
}

/** Fields of a step that may hold `{{name}}`, by their dotted names. */
function textsOf(step: ScriptStep): [string, string][] {
  if (step.do === 'intent') {
    const extras = Object.entries(step.extras ?? {});
    return [
      ...(step.data === undefined ? [] : ([['data', step.data]] as [string, string][])),
      ...extras.map(([name, text]): [string, string] => [`extras.${name}`, text]),
    ];
  }
  if (step.do === 'text') return [['text', step.text]];
  if (step.do === 'shell') return step.argv.map((text, index) => [`argv.${index}`, text]);
  if ('target' in step)
    return Object.entries(step.target).map(([name, text]): [string, string] => [`target.${name}`, text]);
  return [];
}

/** Whether running it asks for `slot.shell`. */
export const scriptNeedsShell = (script: Script): boolean =>
  script.steps.some(({ do: kind }) => kind === 'shell');
