import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { BridgeEventOf } from '../../bridge/protocol/events';

const NOW = Date.parse('2026-03-02T08:00:00Z');
const MINUTE = 60_000;
const OLGA = { uuid: 'olga', name: 'Olga P.', userId: 'u1', extension: '7001', queues: ['support', 'sales'] };
let desks = 0;
const newDesk = async () => {
  const desk = env.OPERATOR_DESK.getByName(`desk-${(desks += 1)}`);
  await desk.put([
    OLGA,
    { uuid: 'oleg', name: 'Oleg K.', userId: 'u2', extension: '7002', queues: ['support'] },
  ]);
  return desk;
};
type Desk = Awaited<ReturnType<typeof newDesk>>;
type Member = BridgeEventOf<'pbx.members'>['members'][number];

const member = (extension: string, more: Partial<Member> = {}): Member => ({
  queue: 'support',
  interface: `PJSIP/${extension}`,
  extension,
  name: extension,
  penalty: 0,
  paused: false,
  paused_reason: '',
  dynamic: true,
  in_call: false,
  status: 'Not in use',
  calls_taken: 0,
  last_call: null,
  present: true,
  ...more,
});

let seq = 0;
const tells = (desk: Desk, members: Member[], at: number, whole = false) =>
  desk.ingest({
    bridgeId: 'b1',
    journal: 'j1',
    events: [{ seq: (seq += 1), at, event: { kind: 'pbx.members', data: { pbx: 'main', whole, members } } }],
  });
const missed = (desk: Desk, number: number, at: number) =>
  desk.ingest({
    bridgeId: 'b1',
    journal: 'j1',
    events: [
      {
        seq: number,
        at,
        event: {
          kind: 'pbx.missed',
          data: { pbx: 'main', queue: 'support', extension: '7001', ring_sec: 15 },
        },
      },
    ],
  });
const olga = (desk: Desk) => desk.operator('olga');

describe('what is wanted and what is', () => {
  it('are both kept, and their difference is drift', async () => {
    const desk = await newDesk();
    await desk.want({
      operator: OLGA,
      wishes: [{ queue: 'support', connected: true }],
      by: 'u1',
      cause: 'asked',
      now: NOW,
    });
    expect(await olga(desk)).toMatchObject({ connected: false, drift: false });
    await tells(desk, [member('7001')], NOW + 200);
    expect(await olga(desk)).toMatchObject({
      connected: true,
      state: 'line',
      drift: false,
      cause: 'asked',
      actor: 'u1',
    });
    // Somebody takes her out by hand.
    await tells(desk, [member('7001', { present: false })], NOW + MINUTE);
    expect(await olga(desk)).toMatchObject({
      connected: false,
      state: 'off',
      drift: true,
      cause: 'telephony',
      actor: null,
      queues: [
        { queue: 'support', desired: { connected: true }, seen: { connected: false } },
        { queue: 'sales' },
      ],
    });
  });

  it('a whole telling takes out who is not in it', async () => {
    const desk = await newDesk();
    await tells(desk, [member('7001'), member('7002')], NOW);
    await tells(desk, [member('7002')], NOW + MINUTE, true);
    expect(await olga(desk)).toMatchObject({ state: 'off' });
    expect(await desk.operator('oleg')).toMatchObject({ state: 'line' });
  });

  it('of another PBX are nobody of ours', async () => {
    const desk = await newDesk();
    await desk.configure({ bridgeId: 'b2', pbx: null, pauseAfterMissed: 0 });
    await tells(desk, [member('7001')], NOW);
    expect(await olga(desk)).toMatchObject({ state: 'off' });
  });

  it('outlive the object', async () => {
    const desk = await newDesk();
    await tells(desk, [member('7001', { paused: true, paused_reason: 'lunch' })], NOW);
    const before = await olga(desk);
    await evictDurableObject(desk);
    expect(await olga(desk)).toEqual(before);
    expect(before).toMatchObject({ paused: true, state: 'paused', reason: 'lunch' });
  });
});

describe('time-lines', () => {
  it('say how long, why and through whom', async () => {
    const desk = await newDesk();
    await tells(desk, [member('7001')], NOW);
    await desk.want({
      operator: OLGA,
      wishes: [{ queue: 'support', paused: true, reason: 'lunch' }],
      by: 'u1',
      cause: 'asked',
      now: NOW + 10 * MINUTE,
    });
    await tells(desk, [member('7001', { paused: true, paused_reason: 'lunch' })], NOW + 10 * MINUTE);
    await tells(desk, [member('7001', { present: false })], NOW + 30 * MINUTE);
    const [line] = await desk.timeline({ from: NOW, to: NOW + 60 * MINUTE });
    expect(line?.segments).toEqual([
      { from: NOW, to: NOW + 10 * MINUTE, state: 'line', reason: null, cause: 'telephony', actor: null },
      {
        from: NOW + 10 * MINUTE,
        to: NOW + 30 * MINUTE,
        state: 'paused',
        reason: 'lunch',
        cause: 'asked',
        actor: 'u1',
      },
      { from: NOW + 30 * MINUTE, to: null, state: 'off', reason: null, cause: 'telephony', actor: null },
    ]);
    expect(await desk.timeline({ from: NOW - MINUTE, to: NOW })).toEqual([]);
  });

  it('stay when the operator is deleted', async () => {
    const desk = await newDesk();
    await tells(desk, [member('7001')], NOW);
    await desk.remove(['olga']);
    expect(await olga(desk)).toBeNull();
    const [line] = await desk.timeline({ uuid: 'olga', from: NOW, to: Date.now() + 1 });
    expect(line?.segments.map(({ state }) => state)).toEqual(['line', 'off']);
  });
});

describe('calls that ring in vain', () => {
  it('pause after so many in a row, each counted once, and the pause is asked for by an alarm', async () => {
    const desk = await newDesk();
    await desk.configure({ bridgeId: null, pbx: null, pauseAfterMissed: 2 });
    await tells(desk, [member('7001')], NOW);
    const first = (seq += 1);
    await missed(desk, first, NOW + 1_000);
    // The bridge tells it again: its acknowledgement was lost.
    await missed(desk, first, NOW + 1_000);
    expect(await olga(desk)).toMatchObject({ missed: 1, drift: false });
    await missed(desk, (seq += 1), NOW + 2_000);
    expect(await olga(desk)).toMatchObject({
      missed: 2,
      drift: true,
      queues: [{ queue: 'support', desired: { paused: true, reason: 'missed calls' } }, { queue: 'sales' }],
    });
    await runInDurableObject(desk, async (_, { storage }) => {
      expect(storage.sql.exec('SELECT queue FROM acts').toArray()).toEqual([{ queue: 'support' }]);
      expect(await storage.getAlarm()).toBeLessThanOrEqual(Date.now());
    });
    await tells(desk, [member('7001', { paused: true, paused_reason: 'missed calls' })], NOW + 3_000);
    expect(await olga(desk)).toMatchObject({ state: 'paused', cause: 'rule', drift: false });
  });

  it('are forgotten with a call that was taken', async () => {
    const desk = await newDesk();
    await tells(desk, [member('7001')], NOW);
    await missed(desk, (seq += 1), NOW + 1_000);
    await tells(desk, [member('7001', { in_call: true, status: 'In use' })], NOW + 2_000);
    expect(await olga(desk)).toMatchObject({ missed: 0 });
  });
});

describe('answers of telephony', () => {
  it('are counted by endpoint and status, and a row of failures rests', async () => {
    const desk = await newDesk();
    for (let n = 0; n < 5; n += 1)
      await desk.heard({ endpoint: 'SHOW', status: 503, failed: true, now: NOW });
    const { breaker, counts } = await desk.answers();
    expect(breaker).toBe('open');
    expect(counts).toEqual([{ endpoint: 'SHOW', status: 503, count: 5, lastAt: NOW }]);
    const until = await desk.restsUntil(NOW + 1);
    expect(until).toBeGreaterThan(NOW);
    // One decides.
    expect(await desk.restsUntil((until ?? 0) + 1)).toBeNull();
    await desk.heard({ endpoint: 'SHOW', status: 200, failed: false, now: NOW });
    expect((await desk.answers()).breaker).toBe('closed');
  });
});
