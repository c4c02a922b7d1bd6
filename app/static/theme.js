// Runs before the first paint so that a dark theme never flashes white. The keys are mode-watcher's
// and paraglide's own; the app takes both over once it has started.
(() => {
  let mode = 'system';
  let locale = null;
  try {
    mode = localStorage.getItem('mode-watcher-mode') ?? 'system';
    locale = localStorage.getItem('PARAGLIDE_LOCALE');
  } catch {
    // Storage may be closed to us (private mode): the system's theme and the browser's language do.
  }
  const dark = mode === 'dark' || (mode !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  const root = document.documentElement;
  root.classList.toggle('dark', dark);
  root.style.colorScheme = dark ? 'dark' : 'light';
  if (locale === 'ru' || locale === 'en') root.lang = locale;
})();
