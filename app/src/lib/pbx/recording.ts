import { durationText } from '#lib/ui/durations.js';

/** Speeds the player goes through. */
export const SPEEDS: readonly number[] = [1, 1.25, 1.5, 2];

const ENDINGS: Record<string, string> = {
  'audio/wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/gsm': 'gsm',
};

/** A name for the downloaded file that every system takes. */
export function fileName(label: string, type: string): string {
  const name = label
    .replace(/[^\p{L}\p{N}+]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80);
  return `${name || 'recording'}.${ENDINGS[type] ?? 'audio'}`;
}

/** What a screen reader says of a place in a recording; of an unknown length only the place. */
export function spokenTime(time: number, duration: number, locale: string): string {
  const place = durationText(Math.floor(time), locale);
  return Number.isFinite(duration) && duration > 0
    ? `${place} / ${durationText(Math.round(duration), locale)}`
    : place;
}
