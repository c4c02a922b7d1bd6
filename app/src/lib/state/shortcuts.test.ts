import { describe, expect, it } from 'vitest';
import { shortcutOf } from './shortcuts.svelte';

const press = (over: Partial<KeyboardEvent>) =>
  shortcutOf(
    {
      key: '',
      code: '',
      ctrlKey: false,
      altKey: false,
      metaKey: false,
      shiftKey: false,
      repeat: false,
      ...over,
    },
    false,
  );

describe('shortcutOf', () => {
  it('knows its keys in any layout', () => {
    expect(press({ key: '/', code: 'Slash' })).toBe('dial');
    expect(press({ key: 'd', code: 'KeyD' })).toBe('dial');
    expect(press({ key: 'в', code: 'KeyD' })).toBe('dial');
    expect(press({ key: '?', code: 'Slash', shiftKey: true })).toBe('help');
    expect(press({ key: ',', code: 'Slash', shiftKey: true })).toBe('help');
    expect(press({ key: 'n', code: 'KeyN' })).toBe('note');
  });

  it('leaves other keys, modified keys and typed text alone', () => {
    expect(press({ key: 'x', code: 'KeyX' })).toBeNull();
    expect(press({ key: 'd', code: 'KeyD', ctrlKey: true })).toBeNull();
    expect(press({ key: 'D', code: 'KeyD', shiftKey: true })).toBeNull();
    expect(
      shortcutOf(
        {
          key: '/',
          code: 'Slash',
          ctrlKey: false,
          altKey: false,
          metaKey: false,
          shiftKey: false,
          repeat: false,
        },
        true,
      ),
    ).toBeNull();
  });
});
