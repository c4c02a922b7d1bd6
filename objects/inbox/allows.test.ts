import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowsOf, LONGEST_TEXT, whyNoEdit, whyNoReply, type ChatState } from './allows';

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

const state = (over: Partial<ChatState> = {}, capabilities: object = {}): ChatState => ({
  integration: { active: true, capabilities: { telegram: capabilities } },
  channel: { code: 'telegram', active: true },
  customerAt: NOW - 5 * MINUTE,
  ...over,
});

describe('what can be done in a chat', () => {
  it('is everything where nobody said otherwise', () => {
    const all = {
      reply: true,
      whyNot: null,
      replyUntil: null,
      edit: true,
      read: true,
      maxTextLength: LONGEST_TEXT,
    };
    expect(allowsOf(state(), NOW)).toEqual(all);
    expect(allowsOf(state({ integration: null, customerAt: null }), NOW)).toEqual(all);
  });

  it.each([
    [{ integration: { active: false, capabilities: {} } }, 'not_connected'],
    [{ channel: { code: 'telegram', active: false } }, 'channel_inactive'],
  ])('is nothing over what is off: %o', (over, whyNot) => {
    const off = state(over);
    const allows = allowsOf(off, NOW);
    expect(allows).toMatchObject({ reply: false, whyNot, edit: false, read: false, replyUntil: null });
    expect([whyNoReply(allows, 'x'), whyNoEdit(off, allows, 'x')]).toEqual([whyNot, whyNot]);
  });

  it('goes by type of message and action', () => {
    const only = (...actions: string[]) => allowsOf(state({}, { messages: { text: actions } }), NOW);
    expect(only('send')).toMatchObject({ reply: true, edit: false, read: false });
    expect(only('edit', 'read')).toMatchObject({
      reply: false,
      whyNot: 'not_supported',
      edit: true,
      read: true,
    });
    const images = state({}, { messages: { image: ['send', 'edit'] } });
    expect(allowsOf(images, NOW)).toMatchObject({ reply: false, whyNot: 'not_supported', edit: false });
    expect(whyNoEdit(images, allowsOf(images, NOW), 'x')).toBe('not_supported');
  });

  it('is that of the channel’s own code, else of those not named', () => {
    const capabilities = { telegram: { maxTextLength: 10 }, '*': { maxTextLength: 20 } };
    const most = (code: string) =>
      allowsOf(state({ integration: { active: true, capabilities }, channel: { code, active: true } }), NOW)
        .maxTextLength;
    expect(['telegram', 'viber', 'constructor'].map(most)).toEqual([10, 20, 20]);
  });

  it('takes no text that is too long, in UTF-16 code units, of an edit neither', () => {
    const short = state({}, { maxTextLength: 4 });
    const allows = allowsOf(short, NOW);
    expect(['four', 'five5', '🙂🙂', '🙂🙂!'].map((text) => whyNoReply(allows, text))).toEqual([
      null,
      'text_too_long',
      null,
      'text_too_long',
    ]);
    expect(whyNoEdit(short, allows, 'five5')).toBe('text_too_long');
    expect(allowsOf(state({}, { maxTextLength: 1_000_000 }), NOW).maxTextLength).toBe(LONGEST_TEXT);
  });

  it('says until when a reply is taken, and takes none from then on, while edits go on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 0, max: 70_000_000 }),
        (window, ago) => {
          const allows = allowsOf(state({ customerAt: NOW - ago }, { replyWindowMinutes: window }), NOW);
          const open = ago < window * MINUTE;
          expect(allows).toMatchObject({
            reply: open,
            whyNot: open ? null : 'window_closed',
            replyUntil: open ? NOW - ago + window * MINUTE : null,
            edit: true,
          });
        },
      ),
    );
    expect(allowsOf(state({ customerAt: null }, { replyWindowMinutes: 5 }), NOW).whyNot).toBe(
      'window_closed',
    );
  });
});
