import { evictDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestTenant, type TestPhone } from './test-tenant';

/** The front's end of the line. */
class TestLine {
  readonly #answers = new Map<number, { status: number; body: string }>();
  readonly #waiting = new Map<number, (answer: { status: number; body: string }) => void>();
  #last = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.addEventListener('message', ({ data }) => {
      const [, n, status, body] = /^(\d+) (\d{3}) (.*)$/s.exec(String(data)) ?? [];
      const answer = { status: Number(status), body: body ?? '' };
      this.#waiting.get(Number(n))?.(answer);
      this.#answers.set(Number(n), answer);
    });
    socket.accept();
  }

  static async open(): Promise<TestLine> {
    const response = await exports.FrontEntry.fetch(
      new Request('http://front/__line', {
        headers: {
          upgrade: 'websocket',
          'x-trunkline-front': env.FRONT_TOKEN ?? '',
          'x-trunkline-front-own': env.FRONT_TOKEN ?? '',
        },
      }),
    );
    if (response.webSocket === null) throw new Error(`no line: ${response.status}`);
    return new TestLine(response.webSocket);
  }

  poll(phone: TestPhone, query = '&wait_seconds=25', waited = 0): number {
    const n = (this.#last += 1);
    const path = `/api/phone/calls/pull/?device_id=${phone.deviceId}${query}`;
    this.socket.send(`P${JSON.stringify({ n, path, auth: `Bearer ${phone.token}`, waited })}`);
    return n;
  }

  answer(n: number): Promise<{ status: number; body: string }> {
    const known = this.#answers.get(n);
    return known ? Promise.resolve(known) : new Promise((resolve) => this.#waiting.set(n, resolve));
  }

  say(frame: string): void {
    this.socket.send(frame);
  }

  close(): void {
    this.socket.close();
  }
}

let tenant: TestTenant;
let phone: TestPhone;
let line: TestLine;

beforeEach(async () => {
  tenant = await TestTenant.make({ dialerEmptyHoldMs: 1_100 });
  phone = await tenant.phone('aaaabbbbccccdddd');
  line = await TestLine.open();
});
afterEach(() => line.close());

describe('a line', () => {
  it('is refused without the front’s token', async () => {
    const bare = new Request('http://front/__line', { headers: { upgrade: 'websocket' } });
    expect((await exports.FrontEntry.fetch(bare)).status).toBe(403);
    const wrong = new Request('http://front/api/point/rolecheck', { headers: { 'x-trunkline-front': 'no' } });
    expect((await exports.FrontEntry.fetch(wrong)).status).toBe(403);
  });

  it('brings a command at once to a poll among many, also after the object was evicted', async () => {
    const others = await Promise.all(
      Array.from({ length: 30 }, (_, i) => tenant.phone(`other-${String(i).padStart(2, '0')}`)),
    );
    for (const other of others) line.poll(other);
    const n = line.poll(phone);
    await tenant.parked(31);
    await evictDurableObject(tenant.queue);
    const queued = await tenant.enqueue('+375290000101', { deviceId: phone.deviceId });
    expect(queued).toMatchObject({ ok: true, deliveredAtOnce: true });
    const { status, body } = await line.answer(n);
    expect([status, JSON.parse(body)]).toMatchObject([200, { phone: '+375290000101' }]);
    await tenant.parked(30);
  });

  it('puts a command back to the head when its phone hung up before the answer', async () => {
    const n = line.poll(phone);
    await tenant.parked(1);
    const first = await tenant.enqueue('+375290000111');
    await tenant.enqueue('+375290000112');
    await line.answer(n);
    line.say(`G${n}`);
    const again = line.poll(phone, '');
    const { body } = await line.answer(again);
    expect(JSON.parse(body)).toMatchObject({ id: first.ok && first.id, phone: '+375290000111' });
  });

  it('takes a poll out when its phone hangs up', async () => {
    const n = line.poll(phone);
    await tenant.parked(1);
    line.say(`G${n}`);
    await tenant.parked(0);
    expect(await tenant.enqueue('+375290000121')).toMatchObject({ ok: true, deliveredAtOnce: false });
  });

  it('answers like the request of its own: 400, 401, 403, and 204 after the hold that is left', async () => {
    expect((await line.answer(line.poll({ ...phone, token: 'x' }))).status).toBe(401);
    expect((await line.answer(line.poll({ ...phone, deviceId: '' }))).status).toBe(400);
    expect((await line.answer(line.poll({ ...phone, deviceId: 'strange' }))).status).toBe(403);
    const startedAt = Date.now();
    expect(await line.answer(line.poll(phone, ''))).toEqual({ status: 204, body: '' });
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_000);
    const shortened = Date.now();
    expect((await line.answer(line.poll(phone, '&wait_seconds=25', 24_500))).status).toBe(204);
    expect(Date.now() - shortened).toBeLessThan(5_000);
  });

  it('ends a poll with 401 when its session is revoked, and the older of two with 204', async () => {
    const older = line.poll(phone);
    await tenant.parked(1);
    const newer = line.poll(phone);
    expect((await line.answer(older)).status).toBe(204);
    await tenant.queue.revokeSession(phone.sid, Date.now());
    const { status, body } = await line.answer(newer);
    expect([status, JSON.parse(body)]).toMatchObject([401, { code: 'token_not_valid' }]);
  });
});
