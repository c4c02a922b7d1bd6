import { setMode, userPrefersMode } from 'mode-watcher';
import { getLocale, isLocale, overwriteGetLocale, setLocale, type Locale } from '#lib/paraglide/runtime.js';

export type Theme = 'light' | 'dark' | 'system';
export const THEMES: readonly Theme[] = ['light', 'dark', 'system'];

/** Language and theme: remembered in this browser, changed without a reload. */
class Preferences {
  #locale = $state<Locale>(getLocale());

  constructor() {
    // Every message function asks for the locale when it is called, so a template that calls one follows this.
    overwriteGetLocale(() => this.#locale);
    document.documentElement.lang = this.#locale;
  }

  get locale(): Locale {
    return this.#locale;
  }

  setLocale = (locale: string): void => {
    if (!isLocale(locale) || locale === this.#locale) return;
    void setLocale(locale, { reload: false });
    this.#locale = locale;
    document.documentElement.lang = locale;
  };

  get theme(): Theme {
    return userPrefersMode.current;
  }

  setTheme = (theme: string): void => {
    if (theme === 'light' || theme === 'dark' || theme === 'system') setMode(theme);
  };
}

export const preferences = new Preferences();
