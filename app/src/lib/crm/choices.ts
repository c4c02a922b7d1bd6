/** Choices of times where the API takes any number or none: the usual ones, and the one that is set. */
import { m } from '#lib/paraglide/messages.js';

/** A number or none as the value of a choice; `''` is none. */
export const choiceOf = (value: number | null): string => (value === null ? '' : String(value));
export const numberOf = (choice: string): number | null => (choice === '' ? null : Number(choice));

/** A whole number from `least` to `most`, as somebody typed it. */
export const within = (text: string, least: number, most: number): boolean =>
  /^\d{1,6}$/.test(text.trim()) && Number(text) >= least && Number(text) <= most;

const withSet = (usual: readonly number[], set: number | null): number[] =>
  [...new Set(set === null ? usual : [...usual, set])].sort((a, b) => a - b);

/** How long a popup is of use, seconds. */
export const lifeChoices = (set: number | null): { value: string; label: string }[] => [
  { value: '', label: m.crm_life_day() },
  ...withSet([30, 60, 300, 900, 3_600], set).map((seconds) => ({
    value: String(seconds),
    label:
      seconds % 60 === 0
        ? m.crm_life_minutes({ count: seconds / 60 })
        : m.crm_life_seconds({ count: seconds }),
  })),
];

/** How long the address of a recording is good, days. */
export const linkDayChoices = (set: number | null): { value: string; label: string }[] => [
  { value: '', label: m.crm_link_days_none() },
  ...withSet([7, 30, 90, 365], set).map((days) => ({
    value: String(days),
    label: m.crm_link_days_count({ count: days }),
  })),
];
