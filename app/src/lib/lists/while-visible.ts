/** A burst of events is one reason to ask, and what it is about needs a moment to be told everywhere. */
const SETTLE_MS = 400;

/** Runs `job` once things have settled; answers what calls it off. */
export function soon(job: () => unknown): () => void {
  const timer = setTimeout(job, SETTLE_MS);
  return () => clearTimeout(timer);
}

/**
 * Runs `job` now, each `everyMs` while the page can be seen, and as soon as it is seen again. Answers what ends it.
 */
export function whileVisible(job: () => unknown, everyMs: number): () => void {
  const run = () => {
    if (document.visibilityState === 'visible') job();
  };
  job();
  const timer = setInterval(run, everyMs);
  document.addEventListener('visibilitychange', run);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', run);
  };
}
