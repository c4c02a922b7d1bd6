import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Engine, PING_INTERVAL_MS, PING_TIMEOUT_MS, type Wire } from './engine';
import { decodePayload, encodePayload, type Packet } from './engine-codec';

/** Timers that run when a test says so. */
class Clock {
  #due: { at: number; run: () => void }[] = [];
  #now = 0;
  after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.#now + ms, run };
    this.#due.push(timer);
    return () => (this.#due = this.#due.filter((one) => one !== timer));
  };
  pass(ms: number): void {
    this.#now += ms;
    for (let next = this.#next(); next; next = this.#next()) next.run();
  }
  #next() {
    const next = this.#due.find(({ at }) => at <= this.#now);
    this.#due = this.#due.filter((one) => one !== next);
    return next;
  }
}

class TestWire implements Wire {
  readonly sent: Packet[] = [];
  closed: number | null = null;
  send(packet: Packet): void {
    this.sent.push(packet);
  }
  close(code: number): void {
    this.closed = code;
  }
}

let clock: Clock;
let engine: Engine;
let heard: (string | Uint8Array)[];
let ends: string[];
beforeEach(() => {
  clock = new Clock();
  heard = [];
  ends = [];
  engine = new Engine({
    sid: 'one',
    after: clock.after,
    onMessage: (data) => heard.push(data),
    onClose: (reason) => ends.push(reason),
  });
});

describe('a session of polls', () => {
  it('opens with its id and its beats', () => {
    expect(JSON.parse(engine.openPacket().slice(1))).toMatchObject({ sid: 'one', upgrades: ['websocket'] });
  });

  it('keeps messages for the next poll, and wakes a poll that waits', async () => {
    engine.sendMessage('a');
    engine.sendMessage('b');
    expect(await engine.poll()).toEqual(['4a', '4b']);
    const waiting = engine.poll();
    engine.sendMessage('c');
    expect(await waiting).toEqual(['4c']);
  });

  it('ends when two polls wait at once, or a packet makes no sense', async () => {
    const first = engine.poll();
    expect(await engine.poll()).toBeNull();
    expect(await first).toEqual(['1']);
    expect(ends).toEqual(['overlapping polls']);
  });

  it('pings after quiet, lives on over pongs and dies without', async () => {
    for (let i = 0; i < 3; i += 1) {
      clock.pass(PING_INTERVAL_MS);
      expect(await engine.poll()).toEqual(['2']);
      engine.receive('3');
    }
    clock.pass(PING_INTERVAL_MS);
    clock.pass(PING_TIMEOUT_MS);
    expect(ends).toEqual(['ping timeout']);
    expect(engine.rest()).toEqual(['2', '1']);
  });

  it('hears messages, text and bytes, and the client’s close', () => {
    engine.receive('4hello');
    engine.receive(new Uint8Array([1, 2]));
    engine.receive('1');
    engine.receive('4late');
    expect([heard, ends]).toEqual([['hello', new Uint8Array([1, 2])], ['client']]);
  });
});

describe('a session that upgrades', () => {
  it('answers the probe, lets the waiting poll and the next one go, then speaks over the socket', async () => {
    const wire = new TestWire();
    const waiting = engine.poll();
    expect(engine.tryOver(wire)).toBe(true);
    engine.receiveOver(wire, '2probe');
    expect(wire.sent).toEqual(['3probe']);
    expect(await waiting).toEqual(['6']);
    // It was on its way already when the probe was answered.
    expect(await engine.poll()).toEqual(['6']);
    engine.sendMessage('between');
    engine.receiveOver(wire, '5');
    engine.sendMessage('after');
    expect(wire.sent).toEqual(['3probe', '4between', '4after']);
    expect(engine.isPolling).toBe(false);
    expect(engine.tryOver(new TestWire())).toBe(false);
    engine.receiveOver(wire, '4x');
    expect(heard).toEqual(['x']);
    engine.wireClosed(wire);
    expect(ends).toEqual(['transport close']);
  });

  it('goes on polling when the probe comes to nothing', async () => {
    const wire = new TestWire();
    engine.tryOver(wire);
    engine.receiveOver(wire, '2probe');
    engine.wireClosed(wire);
    const waiting = engine.poll();
    engine.sendMessage('a');
    expect(await waiting).toEqual(['4a']);
    expect(ends).toEqual([]);
  });

  it('begins over a socket at once', () => {
    const wire = new TestWire();
    engine.openOver(wire);
    expect(JSON.parse(String(wire.sent[0]).slice(1))).toMatchObject({ sid: 'one', upgrades: [] });
    engine.close('done', 4401);
    expect(wire.closed).toBe(4401);
  });
});

it('loses and repeats no message, whenever polls come and the socket takes over', async () => {
  const steps = fc.array(fc.constantFrom('send', 'poll', 'probe', 'upgrade'), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const subject = new Engine({
        sid: 's',
        after: () => () => undefined,
        onMessage: () => undefined,
        onClose: () => undefined,
      });
      const wire = new TestWire();
      const got: Packet[] = [];
      let waiting: Promise<unknown> | null = null;
      let sent = 0;
      for (const step of plan) {
        if (step === 'send') subject.sendMessage(String(sent++));
        if (step === 'probe' && subject.tryOver(wire)) subject.receiveOver(wire, '2probe');
        if (step === 'upgrade' && subject.isPolling) subject.receiveOver(wire, '5');
        if (step === 'poll' && waiting === null)
          waiting = subject.poll().then((packets) => {
            got.push(...(packets ?? []));
            waiting = null;
          });
        await Promise.resolve();
        await Promise.resolve();
      }
      const all = [...got, ...wire.sent, ...subject.rest()].filter((packet) =>
        String(packet).startsWith('4'),
      );
      expect(all).toEqual(Array.from({ length: sent }, (_, n) => `4${n}`));
    }),
  );
});

it('reads back what it writes into a body', () => {
  const packet = fc.oneof(
    fc.string().map((text) => `4${text.replaceAll('\u001e', '')}`),
    fc.uint8Array({ minLength: 1 }),
  );
  fc.assert(
    fc.property(fc.array(packet, { minLength: 1 }), (packets) => {
      expect(decodePayload(encodePayload(packets))).toEqual(packets);
    }),
  );
});
