import { m } from '#lib/paraglide/messages.js';
import { THEMES } from '#lib/state/preferences.svelte.js';

/** Languages by their own names, so that everybody finds theirs whatever is on now. */
export const languageOptions = [
  { value: 'en', label: 'English', lang: 'en' },
  { value: 'ru', label: 'Русский', lang: 'ru' },
] as const;

const themeNames = { light: m.theme_light, dark: m.theme_dark, system: m.theme_system };

export const themeOptions = () => THEMES.map((value) => ({ value, label: themeNames[value]() }));
