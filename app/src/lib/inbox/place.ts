/** Where somebody reads in a scrolled list of messages, so that it can be found again when the list has changed. */
export interface ReadingPlace {
  id: string;
  /** Of the message's upper edge from the box's, pixels. */
  offset: number;
}

const topOf = (element: Element): number => element.getBoundingClientRect().top;

/** The first message in view; null where there is none. */
export function placeIn(box: HTMLElement): ReadingPlace | null {
  const top = topOf(box);
  for (const row of box.querySelectorAll<HTMLElement>('[data-message]')) {
    const { top: start, bottom } = row.getBoundingClientRect();
    if (bottom > top) return { id: row.dataset['message'] ?? '', offset: start - top };
  }
  return null;
}

/** Scrolls back to it; without one, or where its message is gone, to the end. */
export function restore(box: HTMLElement, place: ReadingPlace | null): void {
  const row = place && box.querySelector(`[data-message="${CSS.escape(place.id)}"]`);
  if (row && place) box.scrollTop += topOf(row) - topOf(box) - place.offset;
  else box.scrollTop = box.scrollHeight;
}
