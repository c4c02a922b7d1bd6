/** Every time zone the browser knows, and `known` though it may not. */
export function timeZones(known: string): string[] {
  return [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone'), ...(known ? [known] : [])])];
}

/** Countries by name in the reader's language; codes are what the browser can name. */
export function countries(locale: string): { value: string; label: string }[] {
  const names = new Intl.DisplayNames([locale], { type: 'region', fallback: 'none' });
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
  const all = letters.flatMap((first) => letters.map((second) => first + second));
  return all
    .flatMap((value) => {
      const label = names.of(value);
      return label === undefined || NOT_COUNTRIES.has(value) ? [] : [{ value, label }];
    })
    .sort((a, b) => a.label.localeCompare(b.label, locale));
}

/** Codes that name no place with telephones of its own: groups, reserved and former ones, test locales. */
const NOT_COUNTRIES = new Set(
  'AN AQ BU BV CP CS CQ DD DG EA EU EZ FX GS HM IC NT PN PU QO QU SU TF TP UK UM UN XA XB YD YU ZR ZZ ZZ'.split(
    ' ',
  ),
);
