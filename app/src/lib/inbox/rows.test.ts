import { describe, expect, it } from 'vitest';
import type { Message } from './model';
import { linesOf } from './rows';

const said = (id: string, sent_at: string, sender: string | null): Message =>
  ({
    id,
    sent_at,
    direction: sender === null ? 'outgoing' : 'incoming',
    sender: sender === null ? null : { id: sender },
    author: sender === null ? { id: 'me', name: 'Me' } : null,
  }) as Message;

describe('linesOf', () => {
  it('names whoever begins to talk, and each day', () => {
    const lines = linesOf(
      [
        said('1', '2025-11-15T23:57:00Z', 'ann'),
        said('2', '2025-11-15T23:58:00Z', 'ann'),
        said('3', '2025-11-15T23:59:00Z', null),
        said('4', '2025-11-16T00:00:00Z', null),
        said('5', '2025-11-16T00:30:00Z', null),
      ],
      '4',
      (iso) => iso.slice(0, 10),
    );
    expect(lines.map(({ newDay }) => newDay)).toEqual([true, false, false, true, false]);
    expect(lines.map(({ named }) => named)).toEqual([true, false, true, true, true]);
    expect(lines.filter(({ firstUnread }) => firstUnread).map(({ message }) => message.id)).toEqual(['4']);
  });
});
