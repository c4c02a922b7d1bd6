import type { CrmConfig } from './api';

/** A line of the PBX as its settings show it; empty: it has none. */
export interface Line {
  trunk: string;
  /** Its number. */
  number: string;
  /** How its callers are written: what goes before, and how many last digits stay. */
  rule: string;
}

/** Under which the rule of a line is kept: GSM lines have seven digits, others a name. */
const keyOf = (trunk: string): string => (/^\d{7}$/.test(trunk) ? `gsm:${trunk}` : `sip:${trunk}`);
const bare = (number: string): string => number.replaceAll(/[\s()-]/g, '');

export const isNumber = (number: string): boolean => /^\+?\d{3,15}$/.test(bare(number));
/** `+375{9}`; a rule is of a line that is a GSM id or a plain name. */
export const isRule = ({ trunk, rule }: Line): boolean =>
  /^\+?\d{0,10}\{(?:[1-9]|1[0-5])\}$/.test(rule.trim()) && /^[\w.@-]{1,60}$/.test(trunk.trim());

/** Lines that have a number or a rule, by their names. */
export function linesOf({ lines, rules }: CrmConfig): Line[] {
  const found = new Map<string, Line>();
  for (const [trunk, number] of Object.entries(lines)) found.set(trunk, { trunk, number, rule: '' });
  for (const [key, rule] of Object.entries(rules.incomingTransform)) {
    const trunk = key.replace(/^(?:gsm|sip):/, '');
    found.set(trunk, { trunk, number: found.get(trunk)?.number ?? '', rule });
  }
  return [...found.values()].sort((a, b) => a.trunk.localeCompare(b.trunk));
}

/** As the configuration takes them. */
export const changeOf = (
  lines: readonly Line[],
): { lines: Record<string, string>; rules: { incomingTransform: Record<string, string> } } => {
  const trimmed = lines.map(({ trunk, number, rule }) => ({
    trunk: trunk.trim(),
    number: bare(number),
    rule: rule.trim(),
  }));
  return {
    lines: Object.fromEntries(
      trimmed.flatMap(({ trunk, number }) => (number === '' ? [] : [[trunk, number]])),
    ),
    rules: {
      incomingTransform: Object.fromEntries(
        trimmed.flatMap(({ trunk, rule }) => (rule === '' ? [] : [[keyOf(trunk), rule]])),
      ),
    },
  };
};
