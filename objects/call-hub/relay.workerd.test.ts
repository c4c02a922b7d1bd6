import { evictDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, it } from 'vitest';
import { all, hubOf, olga, oleg, phoneEvent, seedTenant } from '../../test/worker/support/call-hub';
import { RELAY_PATH, type CallHubApi, type LiveSubscriber, type Viewer } from './contract';
import { decodeFromHub, encodeJoin, type FromHub } from './relay-frames';

beforeAll(seedTenant);

const AT = Date.now();

/** A front's end of a relay. */
class Front {
  readonly frames: FromHub[] = [];
  private wake: () => void = () => undefined;
  private joins = 0;

  private constructor(private readonly ws: WebSocket) {
    ws.addEventListener('message', ({ data }) => {
      this.frames.push(decodeFromHub(String(data)));
      this.wake();
    });
    ws.accept();
  }

  static async connect(hub: DurableObjectStub<CallHubApi>): Promise<Front> {
    const answer = await hub.fetch(`https://call-hub${RELAY_PATH}`, { headers: { upgrade: 'websocket' } });
    if (!answer.webSocket) throw new Error(`no socket: ${answer.status}`);
    return new Front(answer.webSocket);
  }

  async join(who: Viewer, from: { epoch: string; offset: number } | null = null) {
    this.joins += 1;
    const n = this.joins;
    const subscriber: LiveSubscriber = { sid: `s-${who.userId}`, expiresAt: null, ...who };
    this.ws.send(encodeJoin({ n, who: subscriber, from }));
    const joined = await this.next('joined', (frame) => frame.n === n);
    return {
      ...joined,
      messages: joined.messages.map((text) => JSON.parse(text) as Record<string, unknown>),
    };
  }

  async next<K extends FromHub['kind']>(
    kind: K,
    test: (frame: Extract<FromHub, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<FromHub, { kind: K }>> {
    for (;;) {
      const found = this.frames.find(
        (frame): frame is Extract<FromHub, { kind: K }> =>
          frame.kind === kind && test(frame as Extract<FromHub, { kind: K }>),
      );
      if (found) return found;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

const queued = (callId: string, userId: string) =>
  phoneEvent({ callId, userId, creatorId: userId, type: 'queued', at: AT + 1_000 });

describe('the relay to a front', () => {
  it('is told each change once, with whom it concerns, and outlives the object’s sleep', async () => {
    const hub = hubOf('relay-tells');
    const front = await Front.connect(hub);
    const { messages } = await front.join(all);
    expect(messages).toEqual([{ type: 'hello', epoch: expect.any(String), offset: 0 }]);
    await hub.ingestPhone([queued('c_relay1', olga.userId)]);
    const first = await front.next('told');
    expect(first.told).toMatchObject({ offset: 1, event: 'call.update', audience: [olga.userId] });
    expect(JSON.parse(first.told.data)).toMatchObject({ call_id: 'c_relay1', status: 'queued' });
    await evictDurableObject(hub);
    await hub.ingestPhone([queued('c_relay2', oleg.userId)]);
    expect((await front.next('told', ({ told }) => told.offset === 2)).told.audience).toEqual([oleg.userId]);
  });

  it('gives a listener what it missed, to its own eyes, or tells it to reload', async () => {
    const hub = hubOf('relay-missed');
    const front = await Front.connect(hub);
    const { messages: greeting } = await front.join(olga);
    const epoch = String(greeting[0]?.epoch);
    await hub.ingestPhone([queued('c_missed1', olga.userId), queued('c_missed2', oleg.userId)]);
    const back = await front.join(olga, { epoch, offset: 0 });
    expect(back.messages).toMatchObject([
      { type: 'hello', offset: 2 },
      { type: 'event', offset: 1, prev: 0, data: { call_id: 'c_missed1' } },
      { type: 'head', offset: 2, last: 1 },
    ]);
    expect(back.last).toBe(1);
    const lost = await front.join(olga, { epoch: 'another', offset: 0 });
    expect(lost.messages).toMatchObject([{ type: 'hello' }, { type: 'reload' }]);
  });

  it('hears at once of sessions and users that may listen no more', async () => {
    const hub = hubOf('relay-drops');
    const front = await Front.connect(hub);
    await front.join(olga);
    await hub.dropSession('s-1');
    expect(await front.next('drop')).toMatchObject({ by: 'sid', id: 's-1', reason: 'session_ended' });
    await hub.dropUser(olga.userId);
    expect(await front.next('drop', ({ by }) => by === 'user')).toMatchObject({ id: olga.userId });
  });
});
