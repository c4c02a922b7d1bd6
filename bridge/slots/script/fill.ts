/** Parameters of a script, and the places where they go. */
import { Refusal } from '../../part.ts';
import { PhoneNumber } from '../../protocol/parts.ts';
import type { Script, ScriptParam } from '../../protocol/slots.ts';

const CHECKS: Record<ScriptParam['type'], (value: string) => boolean> = {
  phone: (value) => PhoneNumber.safeParse(value).success,
  integer: (value) => /^-?\d{1,15}$/.test(value),
  text: (value) => !value.includes('\0'),
};

/**
 * The values of a script's parameters, checked by their types. An optional one that is not given is empty.
 * @throws Refusal INVALID_ARGS that names the parameter
 */
export function checkedParams(script: Script, given: Record<string, string>): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name, type, required } of script.params) {
    const value = Object.hasOwn(given, name) ? (given[name] ?? '') : '';
    if (value === '') {
      if (required) throw new Refusal('INVALID_ARGS', `The parameter "${name}" is missing.`, { param: name });
    } else if (!CHECKS[type](value)) {
      throw new Refusal('INVALID_ARGS', `The parameter "${name}" is not of the type ${type}.`, {
        param: name,
      });
    }
    values[name] = value;
  }
  const unknown = Object.keys(given).find((name) => !script.params.some((param) => param.name === name));
  if (unknown !== undefined) {
    throw new Refusal('INVALID_ARGS', `The script has no parameter "${unknown.slice(0, 60)}".`);
  }
  return values;
}

/**
 * Puts values where `{{name}}` stands. What comes out is one argument of a command, quoted as a whole later: a value
 * is never read as anything but itself, and one that looks like a placeholder is not filled again.
 * @throws Refusal INVALID_ARGS for a name the script does not have
 */
export const fill = (template: string, values: Record<string, string>): string =>
  template.replaceAll(/\{\{\s*([a-z][a-z0-9_]{0,39})\s*\}\}/g, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) {
      throw new Refusal('INVALID_ARGS', `The script has no parameter "${name}".`, { param: name });
    }
    return value;
  });
