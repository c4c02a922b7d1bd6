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
