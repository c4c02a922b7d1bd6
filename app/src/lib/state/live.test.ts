import type ReconnectingWebSocket from 'partysocket/ws';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveFeed, type LiveHandlers } from './live.svelte';

/** The part of partysocket the feed uses, connected and broken by the test. */
class FakeSocket extends EventTarget {
  retryCount = 0;
  readyState = 1;
  shouldReconnect = true;
  reconnects = 0;
  sent: string[] = [];
  constructor(readonly url: () => string) {
    super();
  }
  reconnect() {
    this.reconnects += 1;
  }
  close() {
    this.shouldReconnect = false;
  }
  send(text: string) {
    this.sent.push(text);
    return true;
  }
  say(message: object) {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
  }
}

const event = (offset: number, prev = offset - 1) => ({
  type: 'event',
  offset,
  prev,
  event: 'call.update',
  data: offset,
});
const hello = (offset: number, epoch = 'e1') => ({ type: 'hello', epoch, offset });
const settled = () => new Promise((resolve) => setImmediate(resolve));

let socket: FakeSocket;
let handlers: { [K in keyof LiveHandlers]: ReturnType<typeof vi.fn<LiveHandlers[K]>> };
let feed: LiveFeed;

beforeEach(() => {
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('location', { href: 'https://calls.example/profile' });
  vi.stubGlobal('navigator', { onLine: true });
  handlers = {
    reload: vi.fn<LiveHandlers['reload']>(async () => ({ epoch: 'e1', offset: 5 })),
    deliver: vi.fn<LiveHandlers['deliver']>(),
    ended: vi.fn<LiveHandlers['ended']>(),
    check: vi.fn<LiveHandlers['check']>(),
  };
  feed = new LiveFeed(handlers, (url) => (socket = new FakeSocket(url)) as unknown as ReconnectingWebSocket);
  feed.start();
});
afterEach(() => {
  feed.stop();
  vi.unstubAllGlobals();
});

const delivered = () => handlers.deliver.mock.calls.map(([, data]) => data);

describe('LiveFeed', () => {
  it('fetches the whole state, then applies what came meanwhile on top of it', async () => {
    socket.say(hello(4));
    socket.say(event(5));
    socket.say(event(6));
    expect(delivered()).toEqual([]);
    await settled();
    // The state stood at 5 already.
    expect(delivered()).toEqual([6]);
    expect(feed.status).toBe('live');
  });

  it('comes back to where it was', async () => {
    expect(socket.url()).toBe('wss://calls.example/api/live');
    socket.say(hello(5));
    await settled();
    socket.say(event(6));
    expect(socket.url()).toBe('wss://calls.example/api/live?epoch=e1&offset=6');
    socket.dispatchEvent(new Event('close'));
    expect(feed.status).toBe('reconnecting');
    socket.say(hello(8));
    socket.say(event(7));
    socket.say(event(8));
    expect(feed.status).toBe('live');
    expect(delivered()).toEqual([6, 7, 8]);
    expect(handlers.reload).toHaveBeenCalledTimes(1);
  });

  it('connects again at a hole, and fetches everything when history does not reach back', async () => {
    socket.say(hello(5));
    await settled();
    socket.say(event(9, 8));
    expect(socket.reconnects).toBe(1);
    expect(delivered()).toEqual([]);
    handlers.reload.mockResolvedValueOnce({ epoch: 'e1', offset: 9 });
    socket.say(hello(9));
    socket.say({ type: 'reload' });
    await settled();
    socket.say(event(10));
    expect(delivered()).toEqual([10]);
  });

  it('does not believe an answer that failed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    handlers.reload.mockRejectedValueOnce(new Error('down'));
    socket.say(hello(5));
    await settled();
    expect(socket.url()).toBe('wss://calls.example/api/live');
    vi.advanceTimersByTime(3_000);
    expect(socket.reconnects).toBe(1);
    vi.useRealTimers();
  });

  it('calls itself offline after a while, and asks whether the session still lives', () => {
    for (socket.retryCount = 0; socket.retryCount < 5; socket.retryCount += 1)
      socket.dispatchEvent(new Event('close'));
    expect(feed.status).toBe('offline');
    expect(handlers.check).toHaveBeenCalledTimes(1);
  });

  it('ends with the session and does not come back', async () => {
    socket.say(hello(5));
    await settled();
    socket.say({ type: 'bye', code: 4401, temporary: false, reason: 'session_ended' });
    expect(handlers.ended).toHaveBeenCalledTimes(1);
    expect(feed.status).toBe('ended');
    expect(socket.shouldReconnect).toBe(false);
  });

  it('ignores an answer that comes after it was stopped', async () => {
    socket.say(hello(4));
    socket.say(event(6, 5));
    feed.stop();
    await settled();
    expect(delivered()).toEqual([]);
    expect(feed.status).toBe('idle');
  });
});
