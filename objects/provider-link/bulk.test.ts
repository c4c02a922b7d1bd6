import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesOf, bulkKey, readBulk } from './bulk';
import type { StoredDelivery } from './store';

const delivery = (id: string, kind = 'send_message', size = 1): StoredDelivery => ({
  id,
  lane: 'calls',
  kind,
  key: `chat-${id}`,
  payload: 'x'.repeat(size),
  createdAt: 1,
  attempts: 1,
  repeated: false,
});

describe('what goes together', () => {
  it('is new messages, as many as fit, everything once and in as many requests as may be open', () => {
    const heads = fc.array(
      fc.record({
        kind: fc.constantFrom('send_message', 'send_message', 'update_message', 'mark_read'),
        size: fc.integer({ min: 1, max: 120_000 }),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(heads, fc.integer({ min: 0, max: 6 }), fc.constantFrom(1, 3, 100), (given, slots, most) => {
        const deliveries = given.map(({ kind, size }, n) => delivery(`d${n}`, kind, size));
        const batches = batchesOf(deliveries, slots, most);
        expect(batches.length).toBeLessThanOrEqual(slots);
        const ids = batches.flat().map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const batch of batches) {
          expect(batch.length).toBeLessThanOrEqual(most);
          if (batch.length > 1) expect(batch.every(({ kind }) => kind === 'send_message')).toBe(true);
          const characters = batch.reduce((sum, { payload }) => sum + JSON.stringify(payload).length, 0);
          if (batch.length > 1) expect(characters).toBeLessThanOrEqual(512 * 1_024);
        }
        if (slots > 0 && deliveries.length > 0) expect(ids).not.toEqual([]);
        if (batches.length < slots) expect(ids.toSorted()).toEqual(deliveries.map(({ id }) => id).toSorted());
      }),
    );
  });

  it('has one key for one attempt', () => {
    const [a, b] = [delivery('a'), delivery('b')];
    expect(bulkKey([a, b])).toBe(bulkKey([a, b]));
    const others = [bulkKey([a]), bulkKey([b, a]), bulkKey([{ ...a, attempts: 2 }, b])];
    expect(new Set([bulkKey([a, b]), ...others]).size).toBe(4);
  });
});

describe('the answer to several messages', () => {
  const answered = (body: unknown) => readBulk({ kind: 'delivered', body: JSON.stringify(body) }, ['a', 'b']);
  const kinds = ({ each }: ReturnType<typeof readBulk>) => [...each.values()].map(({ kind }) => kind);

  it('is read for each by its key, whatever else it says', () => {
    const read = answered({
      results: [
        { idempotencyKey: 'b', result: 'error', error: 'blocked' },
        { idempotencyKey: 'a', result: 'accepted', id: 'tg-1' },
        { idempotencyKey: 'c', result: 'accepted' },
      ],
    });
    expect([...read.each]).toEqual([
      ['a', { kind: 'delivered', body: '{"id":"tg-1"}' }],
      ['b', { kind: 'refused', error: 'blocked' }],
    ]);
    expect(read).toMatchObject({ whole: { kind: 'delivered' }, apart: false });
    const later = answered({
      results: [
        { idempotencyKey: 'a', result: 'duplicate' },
        { idempotencyKey: 'b', result: 'error', retry: true },
      ],
    });
    expect(kinds(later)).toEqual(['delivered', 'failed']);
  });

  it.each([
    ['nothing of one', { results: [{ idempotencyKey: 'a', result: 'accepted' }] }, ['delivered', 'again']],
    ['nothing that can be read', { ok: true }, ['again', 'again']],
  ])('leads to single requests where it says %s', (_, body, expected) => {
    expect(kinds(answered(body))).toEqual(expected);
    expect(answered(body).apart).toBe(true);
  });

  it('leads to single requests where it is a refusal or a failure, and to patience where we are too fast', () => {
    const keys = ['a', 'b'];
    const refused = readBulk({ kind: 'refused', error: 'HTTP 404' }, keys);
    expect([kinds(refused), refused.apart]).toEqual([['again', 'again'], true]);
    const failed = readBulk({ kind: 'failed', error: 'HTTP 500' }, keys);
    expect([kinds(failed), failed.apart]).toEqual([['failed', 'failed'], true]);
    const limited = readBulk({ kind: 'limited', error: 'HTTP 429' }, keys);
    expect([kinds(limited), limited.apart]).toEqual([['limited', 'limited'], false]);
  });
});
