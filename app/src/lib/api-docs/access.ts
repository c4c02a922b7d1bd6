/**
 * Gives the viewer's markup what people who can't see it need: names for its choices, and one main part of the page,
 * which is ours. It draws anew as it is used, so this is done whenever something appears. Answers what ends it.
 */
export function keepAccessible(box: HTMLElement, choiceName: string): () => void {
  const mend = () => {
    for (const select of box.querySelectorAll('select:not([aria-label])')) {
      if (select.closest('label') === null && select.id === '') select.setAttribute('aria-label', choiceName);
    }
    for (const main of box.querySelectorAll('main:not([role])')) main.setAttribute('role', 'group');
  };
  const observer = new MutationObserver(mend);
  observer.observe(box, { childList: true, subtree: true });
  mend();
  return () => observer.disconnect();
}
