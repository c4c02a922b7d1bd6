/** Settings that a tenant has per line, and how a line's callers are written. */

/** Under which a line has its settings: `gsm:<id>` of a GSM gateway's seven digits, `sip:<name>` of any other trunk. */
export const lineKey = (trunk: string): string => (/^\d{7}$/.test(trunk) ? `gsm:${trunk}` : `sip:${trunk}`);

/** `+375{9}`: what goes before, and how many of the number's last digits stay. */
export const CALLER_RULE = /^(\+?\d{0,10})\{([1-9]|1[0-5])\}$/;

/**
 * A caller's number by the rule of the line he came over. A number with fewer digits than stay, and one that no rule is for,
 * is left as it is.
 *
 * @example callerOn(new Map([['gsm:0001001', '+375{9}']]), '0001001', '80290000001') // '+375290000001'
 */
export function callerOn(rules: ReadonlyMap<string, string>, trunk: string | null, number: string): string {
  const rule = trunk === null ? undefined : rules.get(lineKey(trunk));
  const [, before = '', kept = ''] = CALLER_RULE.exec(rule ?? '') ?? [];
  const digits = number.replaceAll(/\D/g, '');
  return kept === '' || digits.length < Number(kept) ? number : before + digits.slice(-Number(kept));
}
