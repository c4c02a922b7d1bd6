/** A place on the phone's screen, in its own pixels. */
export interface Point {
  x: number;
  y: number;
}

/**
 * The phone's pixel under a press on its picture, which is shown in another size; null while the picture's own size is
 * not known. Never outside of the screen.
 */
export function pointAt(
  press: { clientX: number; clientY: number },
  box: { left: number; top: number; width: number; height: number },
  size: { width: number; height: number } | null,
): Point | null {
  if (!size || box.width === 0 || box.height === 0) return null;
  const along = (at: number, length: number, pixels: number) =>
    Math.max(0, Math.min(pixels - 1, Math.floor((at / length) * pixels)));
  return {
    x: along(press.clientX - box.left, box.width, size.width),
    y: along(press.clientY - box.top, box.height, size.height),
  };
}
