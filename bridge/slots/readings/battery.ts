/** `dumpsys battery`. */
export interface Battery {
  /** Per cent. */
  level: number | null;
  /** Degrees Celsius, to a tenth. */
  temperature: number | null;
}

const field = (text: string, name: string): number | null => {
  const value = new RegExp(`^\\s*${name}: (-?\\d+)\\s*$`, 'm').exec(text)?.[1];
  return value === undefined ? null : Number(value);
};

export function parseBattery(text: string): Battery {
  const level = field(text, 'level');
  const scale = field(text, 'scale') ?? 100;
  const tenths = field(text, 'temperature');
  const percent = level === null || scale <= 0 ? null : Math.round((level / scale) * 100);
  return {
    level: percent !== null && percent >= 0 && percent <= 100 ? percent : null,
    // Boards without a battery report 0 or nonsense of hundreds of degrees.
    temperature: tenths !== null && tenths !== 0 && tenths > -400 && tenths < 1_500 ? tenths / 10 : null,
  };
}
