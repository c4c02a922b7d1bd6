/**
 * The readings of a phone are asked for in one command, a connection and a shell instead of seven. The line is a
 * constant; the phone's shell runs it part by part, and a part that fails leaves its section empty.
 */
const MARK = '--trunkline-section--';

const COMMANDS = {
  battery: 'dumpsys battery',
  signal: "dumpsys telephony.registry | grep -E 'mSignalStrength=|^ *(local logs|registrations):'",
  operator: 'getprop gsm.operator.alpha',
  network: 'getprop gsm.network.type',
  memory: 'cat /proc/meminfo',
  cpu: 'head -n 1 /proc/stat',
  storage: 'df /data',
} as const;

export type Section = keyof typeof COMMANDS;

/** The first mark comes before any work of the phone's: the time until it arrives is the round trip. */
export const READINGS_LINE = Object.values(COMMANDS)
  .map((command) => `echo ${MARK}; ${command} 2>&1`)
  .join('; ');

export function sectionsOf(output: string): Record<Section, string> {
  const texts = output.replaceAll('\r\n', '\n').split(`${MARK}\n`).slice(1);
  const names = Object.keys(COMMANDS) as Section[];
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? ''])) as Record<
    Section,
    string
  >;
}
