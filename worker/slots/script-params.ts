/** Reads the parameters of a run by what its script declares. */
import type { Script } from '../../bridge/protocol/slots';
import { normaliseNumber } from '../dialer/queue-command';
import type { Problems } from './script-check';

export type Filled = { ok: true; params: Record<string, string> } | { ok: false; problems: Problems };

/**
 * Every value as a text, phone numbers in E.164. `country` reads numbers without a country code. An optional
 * parameter that is absent is an empty text, so that `{{name}}` always has a value.
 */
export function fillParams(
  script: Script,
  given: Readonly<Record<string, string | number>>,
  country: string,
): Filled {
  const problems: Problems = {};
  const params: Record<string, string> = {};
  for (const name of Object.keys(given))
    if (!script.params.some((param) => param.name === name))
      problems[`params.${name}`] = ['the script has no such parameter'];
  for (const { name, type, required } of script.params) {
    const value = Object.hasOwn(given, name) ? String(given[name]).trim() : '';
    if (value === '') {
      if (required) problems[`params.${name}`] = ['is missing'];
      params[name] = '';
      continue;
    }
    const read = READ[type](value, country);
    if (read === null) problems[`params.${name}`] = [NOT[type]];
    else params[name] = read;
  }
  return Object.keys(problems).length === 0 ? { ok: true, params } : { ok: false, problems };
}

const READ: Record<Script['params'][number]['type'], (value: string, country: string) => string | null> = {
  phone: normaliseNumber,
  // A line break or NUL would end an argument early on its way to the phone.
  text: (value) => (/[\0\r\n]/.test(value) ? null : value),
  integer: (value) => (/^-?\d{1,15}$/.test(value) ? value : null),
};

const NOT: Record<Script['params'][number]['type'], string> = {
  phone: 'not a phone number',
  text: 'line breaks are not allowed',
  integer: 'not a whole number',
};
