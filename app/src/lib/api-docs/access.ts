/**
 * Gives the viewer's markup what people who can't see it need: names for its choices, parts that are known as such,
 * text that scrolls within reach of the keyboard. It draws anew as it is used, so this is done whenever something
 * appears. Answers what ends it.
 */
export function keepAccessible(box: HTMLElement, words: { choice: string; authorize: string }): () => void {
  const mend = () => {
    for (const select of box.querySelectorAll('select:not([aria-label])')) {
      if (select.closest('label') === null && select.id === '')
        select.setAttribute('aria-label', words.choice);
    }
    for (const part of box.querySelectorAll('.scheme-container:not([role])')) {
      part.setAttribute('role', 'region');
      part.setAttribute('aria-label', words.authorize);
    }
    for (const part of box.querySelectorAll('.filter:not([role])')) part.setAttribute('role', 'search');
    for (const text of box.querySelectorAll('.microlight:not([tabindex])'))
      text.setAttribute('tabindex', '0');
  };
  const observer = new MutationObserver(mend);
  observer.observe(box, { childList: true, subtree: true });
  mend();
  return () => observer.disconnect();
}
