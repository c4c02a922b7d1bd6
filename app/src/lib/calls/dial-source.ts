/** Where a call rings from first: one of the user's phones, a USB phone of a bridge, or their own extension. */
export type DialSource =
  { via: 'phone'; device: string | null } | { via: 'slot'; slot: 'AUTO' | number } | { via: 'pbx' };

/** One line of text for each source, as it is remembered and as a choice's value. */
export function sourceKey(source: DialSource): string {
  if (source.via === 'phone') return source.device === null ? 'phone' : `phone ${source.device}`;
  return source.via === 'slot' ? `slot ${source.slot}` : 'pbx';
}

/** Null for what is none: nothing was remembered, or by another version. */
export function readSource(key: string | null): DialSource | null {
  const [via, detail, ...more] = (key ?? '').split(' ');
  if (more.length > 0) return null;
  if (via === 'phone') return { via, device: detail || null };
  if (via === 'pbx' && detail === undefined) return { via };
  if (via !== 'slot' || detail === undefined) return null;
  if (detail === 'AUTO') return { via, slot: detail };
  return /^[1-9]\d{0,9}$/.test(detail) ? { via, slot: Number(detail) } : null;
}

/** What there is to ring from now; null where that is not known (yet). */
export interface Reachable {
  devices: readonly string[] | null;
  extension: boolean | null;
  anySlot: boolean | null;
  slots: readonly number[] | null;
}

/** Whether a source can be chosen. What is not known is believed. */
export function isThere(source: DialSource, { devices, extension, anySlot, slots }: Reachable): boolean {
  if (source.via === 'pbx') return extension !== false;
  if (source.via === 'phone')
    return (
      devices === null || (source.device === null ? devices.length > 0 : devices.includes(source.device))
    );
  return source.slot === 'AUTO' ? anySlot !== false : slots === null || slots.includes(source.slot);
}

const DEFAULTS: readonly DialSource[] = [
  { via: 'phone', device: null },
  { via: 'pbx' },
  { via: 'slot', slot: 'AUTO' },
];

/** The source chosen last if it is still there, else the first that is; null when there is none at all. */
export function sourceToUse(chosen: DialSource | null, reachable: Reachable): DialSource | null {
  return [...(chosen ? [chosen] : []), ...DEFAULTS].find((source) => isThere(source, reachable)) ?? null;
}

/** What an extension may dial besides telephone numbers: other extensions and the PBX's own services. */
export const isInternal = (typed: string): boolean => /^[0-9*#]{2,6}$/.test(typed.replace(/[\s()-]/g, ''));
