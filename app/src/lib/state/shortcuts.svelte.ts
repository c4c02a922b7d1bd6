const STORED = 'trunkline.single-key-shortcuts';

export type Shortcut = 'dial' | 'help' | 'note' | 'feed';

/**
 * Which shortcut a key press is, null for none. Letters go by their place on the keyboard, so that they work in a
 * Russian layout too; a press that belongs to a field, or comes with Ctrl, Alt or Meta, is never ours.
 */
export function shortcutOf(
  press: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey' | 'repeat'>,
  typing: boolean,
): Shortcut | null {
  if (typing || press.ctrlKey || press.altKey || press.metaKey || press.repeat) return null;
  if (press.key === '?' || (press.code === 'Slash' && press.shiftKey)) return 'help';
  if (press.shiftKey) return null;
  if (press.key === '/' || press.code === 'Slash' || press.code === 'KeyD') return 'dial';
  if (press.code === 'KeyN') return 'note';
  if (press.code === 'KeyL') return 'feed';
  return null;
}

/** Whether keys pressed in this element mean text or a choice, not a command. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'));

class Shortcuts {
  /** Single keys can be turned off: speech input and some screen readers send them by accident. */
  enabled = $state(localStorage.getItem(STORED) !== 'off');
  open = $state(false);

  setEnabled = (on: boolean): void => {
    this.enabled = on;
    if (on) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, 'off');
  };
}

let made: Shortcuts | undefined;
/** Made on first use, so that the pure functions above need no browser. */
export const shortcuts = (): Shortcuts => (made ??= new Shortcuts());
