/**
 * `mSignalStrength` of `dumpsys telephony.registry`: the strength in dBm of the radio in use. Android 10 and later
 * print one measurement per radio and name the one in use; earlier ones print a row of numbers.
 */
const UNSET = 2_147_483_647;

/** Which figure is the signal of that radio, as Android's own getDbm() takes it. */
const FIGURES: Record<string, readonly string[]> = {
  Nr: ['ssRsrp', 'csiRsrp'],
  Lte: ['rsrp', 'rssi'],
  Wcdma: ['rscp', 'ss'],
  Tdscdma: ['rscp', 'rssi'],
  Gsm: ['rssi', 'ss'],
  Cdma: ['cdmaDbm', 'evdoDbm'],
};

/** Null where no SIM of the phone has a signal. Of two SIMs the better one. */
export function parseSignal(text: string): number | null {
  const now = text.split(/^\s*(?:local logs|registrations):/m)[0] ?? '';
  const values = [...now.matchAll(/mSignalStrength=(.*)/g)]
    .map((match) => dbmOf(match[1] ?? ''))
    .filter((dbm) => dbm !== null);
  return values.length === 0 ? null : Math.max(...values);
}

function dbmOf(line: string): number | null {
  const radio = /primary=CellSignalStrength([A-Za-z]+)/.exec(line)?.[1];
  return radio === undefined ? legacy(line) : modern(line, radio);
}

function modern(line: string, radio: string): number | null {
  const start = line.indexOf(`m${radio}=CellSignalStrength${radio}:`);
  if (start < 0) return null;
  const rest = line.slice(start + 3);
  const end = rest.search(/,(?:m[A-Z]|primary=|rat=|SignalBarInfo)/);
  const part = end < 0 ? rest : rest.slice(0, end);
  for (const name of FIGURES[radio] ?? []) {
    const value = Number(new RegExp(`\\b${name}\\s*=\\s*(-?\\d+)`).exec(part)?.[1] ?? UNSET);
    if (isDbm(value)) return value;
  }
  return null;
}

/** `SignalStrength: 14 0 -120 -160 -120 -1 -1 31 -97 -12 30 … gsm|lte`: GSM's ASU first, LTE's RSRP ninth. */
function legacy(line: string): number | null {
  const numbers = [...line.replace(/^SignalStrength:?\s*/, '').matchAll(/-?\d+/g)].map(Number);
  if (numbers.length < 7) return null;
  const [asu = 99, , cdma = 0] = numbers;
  const rsrp = numbers[8] ?? UNSET;
  // Printed with either sign by different makers.
  if (isDbm(-Math.abs(rsrp)) && Math.abs(rsrp) !== 1) return -Math.abs(rsrp);
  if (/gsm/i.test(line) && asu >= 0 && asu <= 31) return -113 + 2 * asu;
  return isDbm(cdma) && cdma !== -120 && cdma !== -1 ? cdma : null;
}

const isDbm = (value: number): boolean => value <= -20 && value >= -160;
