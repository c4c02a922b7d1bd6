import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { discardRest, hasNul, isJsonType, readBodyText } from './body';

const post = (body: BodyInit) => new Request('http://localhost/', { method: 'POST', body });

/** A body that comes in pieces, without a length. */
const stream = (pieces: readonly Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
const streamed = (pieces: readonly Uint8Array[]) =>
  new Request('http://localhost/', { method: 'POST', body: stream(pieces), duplex: 'half' } as RequestInit);

describe('readBodyText', () => {
  it('reads up to the limit and not a byte beyond', async () => {
    expect(await readBodyText(post('x'.repeat(100)), 100)).toEqual({ ok: true, text: 'x'.repeat(100) });
    expect(await readBodyText(post('x'.repeat(101)), 100)).toEqual({ ok: false, reason: 'too_large' });
    expect(await readBodyText(new Request('http://localhost/'), 100)).toEqual({ ok: true, text: '' });
  });

  it('counts bytes of a body that comes in pieces', async () => {
    const piece = new Uint8Array(60).fill(120);
    expect(await readBodyText(streamed([piece]), 100)).toEqual({ ok: true, text: 'x'.repeat(60) });
    expect(await readBodyText(streamed([piece, piece]), 100)).toEqual({ ok: false, reason: 'too_large' });
  });

  it('puts a character together that was cut in two', async () => {
    const bytes = new TextEncoder().encode('привет');
    expect(await readBodyText(streamed([bytes.slice(0, 3), bytes.slice(3)]), 100)).toEqual({
      ok: true,
      text: 'привет',
    });
  });

  it('refuses what is no UTF-8', async () => {
    expect(await readBodyText(post(new Uint8Array([0x22, 0xff, 0x22])), 100)).toEqual({
      ok: false,
      reason: 'not_utf8',
    });
  });
});

describe('discardRest', () => {
  /** A body without an end; counts how much of it was read, and notes when the reader gave up. */
  const endless = () => {
    const state = { read: 0, isCancelled: false };
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        state.read += 1_000;
        controller.enqueue(new Uint8Array(1_000));
      },
      cancel() {
        state.isCancelled = true;
      },
    });
    return { state, body };
  };

  it('reads to the end, or gives up past its limit', async () => {
    const whole = streamed([new Uint8Array(60), new Uint8Array(60)]);
    await discardRest(whole.body, 1_000);
    expect(whole.bodyUsed).toBe(true);
    const { state, body } = endless();
    await discardRest(body, 10_000);
    expect(state.isCancelled).toBe(true);
    expect(state.read).toBeLessThan(20_000);
  });

  it('leaves a body alone that somebody reads, or that is none', async () => {
    const { state, body } = endless();
    body.getReader();
    await discardRest(body, 10_000);
    await discardRest(null, 10_000);
    expect(state.isCancelled).toBe(false);
  });
});

describe('hasNul', () => {
  it('finds exactly the texts with a NUL in them', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('\0', '\\', 'u0000', '"', 'a', '\n')), (parts) => {
        const text = parts.join('');
        expect(hasNul(JSON.stringify({ text }))).toBe(text.includes('\0'));
      }),
    );
  });
});

it('knows JSON by its media type', () => {
  for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/problem+json']) {
    expect(isJsonType(type)).toBe(true);
  }
  for (const type of [undefined, '', 'text/plain', 'application/jsonp', 'text/json'])
    expect(isJsonType(type)).toBe(false);
});
