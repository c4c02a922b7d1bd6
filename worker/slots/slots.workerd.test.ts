import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { as, error, seedPeople, TWO, USERS } from '../../test/worker/support/dialer';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled, soon } from '../../test/worker/support/slot-rows';
import { openDb } from '../db';
import { auditLog, bridges } from '../db/schema';

let here: SlotBridge;
let there: SlotBridge;
let foreign: SlotBridge;
/** Slot ids by serial. */
const id = new Map<string, number>();
const of = (serial: string): number => id.get(serial) ?? expect.fail(`no slot of ${serial}`);

beforeAll(async () => {
  await seedPeople();
  here = await enrolled(['A1', 'A2']);
  there = await enrolled(['B1']);
  foreign = await enrolled(['A1x'], TWO);
  for (const bridge of [here, there, foreign])
    for (const slot of await bridge.link.slots()) id.set(slot.key, slot.id);
});
afterEach(() => {
  for (const bridge of [here, there, foreign]) expect(bridge.problems).toEqual([]);
});
afterAll(() => {
  for (const bridge of [here, there, foreign]) bridge.disconnect();
});

const list = (answer: { json: unknown }) => answer.json as Record<string, unknown>[];
const audits = async (action: string) =>
  openDb(env.DB).select().from(auditLog).where(eq(auditLog.action, action));

describe('GET /api/slots', () => {
  it('lists the slots of all the tenant’s bridges by number, with readings that say why they are not there', async () => {
    const answer = await as('view1', 'GET', '/api/slots');
    expect(answer.status).toBe(200);
    expect(list(answer)).toMatchObject([
      { id: of('A1'), status: 'ONLINE', device: 'Phone X', user: null, trunk: null, serial: 'A1' },
      { id: of('A2'), bridge: { id: here.record.id } },
      { id: of('B1'), bridge: { id: there.record.id } },
    ]);
    expect(list(answer)[0]?.metrics).toMatchObject({
      battery: null,
      age_sec: null,
      why: { battery: expect.stringContaining('not told') as string },
    });
  });

  it('filters by status and bridge', async () => {
    expect(list(await as('view1', 'GET', `/api/slots?bridge=${there.record.id}`))).toHaveLength(1);
    expect(list(await as('view1', 'GET', '/api/slots?status=OFFLINE'))).toEqual([]);
    expect((await as('view1', 'GET', '/api/slots?status=GONE')).json).toEqual(error('INVALID_PARAMS'));
    const other = await as('view1', 'GET', `/api/slots?bridge=${foreign.record.id}`);
    expect([other.status, other.json]).toEqual([404, error('NOT_FOUND')]);
  });

  it('shows one slot in the form clients know, with the age of its readings', async () => {
    const at = Date.now() - 30_000;
    const reading = {
      battery: 82,
      temperature: 38.2,
      signal: null,
      network: 'LTE',
      cpu: 12,
      ram: 40,
      storage: 55,
    };
    here.say({
      t: 'readings',
      readings: {
        at,
        slots: [{ slot: 'A1', at, ...reading, latency_ms: 9, why: { signal: 'no SIM card' } }],
      },
    });
    await soon(async () =>
      expect((await as('view1', 'GET', `/api/slots/${of('A1')}`)).json).toMatchObject({ battery: '82%' }),
    );
    const one = (await as('view1', 'GET', `/api/slots/${of('A1')}`)).json;
    expect(one).toMatchObject({
      temperature: '38C',
      battery: '82%',
      network: 'LTE',
      config: {},
      model: 'Phone X',
    });
    expect(one.metrics).toMatchObject({ signal: null, why: { signal: 'no SIM card' }, latency_ms: 9 });
    expect((one.metrics as { age_sec: number }).age_sec).toBeGreaterThanOrEqual(30);
    expect((await as('view1', 'GET', `/api/monitor/slots/${of('A1')}`)).json).toMatchObject({
      slot_id: of('A1'),
      battery: 82,
      temperature: 38.2,
      latency: 9,
      signal: null,
      why: { signal: 'no SIM card' },
    });
    const samples = (await as('view1', 'GET', `/api/slots/${of('A1')}/samples?hours=1`)).json;
    expect(samples).toMatchObject({ slot: of('A1'), every_sec: 60 });
    expect(samples.items).toMatchObject([{ battery: 82, temperature: 38.2, signal: null }]);
    expect((await as('view1', 'GET', `/api/slots/${of('A2')}/samples`)).json.items).toEqual([]);
  });
});

describe('another tenant', () => {
  it('sees and does nothing: its slots look like ones that don’t exist', async () => {
    const foreignId = of('A1x');
    // Both tenants count from 1: what one's own number names is one's own.
    expect(foreignId).toBe(of('A1'));
    expect((await as('admin2', 'GET', `/api/slots/${of('B1')}`)).json).toEqual(error('NOT_FOUND'));
    for (const [method, path, body] of [
      ['GET', `/api/slots/${of('B1')}/commands`],
      ['GET', `/api/slots/${of('B1')}/history`],
      ['GET', `/api/slots/${of('B1')}/screen`],
      ['GET', `/api/slots/${of('B1')}/samples`],
      ['GET', `/api/monitor/slots/${of('B1')}`],
      ['POST', `/api/slots/${of('B1')}/restart`],
      ['POST', `/api/slots/${of('B1')}/reboot-device`],
      ['POST', `/api/slots/${of('B1')}/adb-command`, { command: 'getprop' }],
      ['POST', `/api/slots/${of('B1')}/hold`, {}],
      ['DELETE', `/api/slots/${of('B1')}/hold?force=1`],
      ['PATCH', `/api/slots/${of('B1')}`, { label: 'mine' }],
      ['GET', `/api/monitor/system?bridge=${here.record.id}`],
      [
        'POST',
        '/api/gacs/run-script',
        { slot_id: of('B1'), script: 'gsm_call', params: { number: '+12015550123' } },
      ],
    ] as const) {
      const answer = await as('admin2', method, path, body === undefined ? {} : { body });
      expect([method, path, answer.status, answer.json]).toEqual([method, path, 404, error('NOT_FOUND')]);
    }
    expect(there.asked).toEqual([]);
    expect(list(await as('admin2', 'GET', '/api/slots'))).toMatchObject([{ serial: 'A1x' }]);
  });
});

describe('PATCH /api/slots/{id}', () => {
  it('labels, assigns and configures; what is absent stays; audited', async () => {
    const path = `/api/slots/${of('A1')}`;
    const first = await as('admin', 'PATCH', path, {
      body: { label: 'Shelf 2', user: 'op12', trunk: 'trunk-a' },
    });
    expect(first.json).toMatchObject({
      label: 'Shelf 2',
      user: { id: USERS.op12, username: 'op12' },
      trunk: 'trunk-a',
    });
    const second = await as('admin', 'PATCH', path, { body: { config: { excludeFromAuto: true } } });
    expect(second.json).toMatchObject({ label: 'Shelf 2', config: { excludeFromAuto: true } });
    const third = await as('admin', 'PATCH', path, { body: { user: null, config: {} } });
    expect(third.json).toMatchObject({ user: null, config: {} });
    expect(await audits('slot.change')).toHaveLength(3);
  });

  it.each([
    [{ user: 'op21' }, 'user'],
    [{ trunk: 'a b' }, 'trunk'],
    [{ config: { app: 'x; reboot' } }, 'config.app'],
    [{ config: { other: 1 } }, 'config'],
    [{ status: 'ONLINE' }, '_'],
  ])('refuses %j', async (body, field) => {
    const answer = await as('admin', 'PATCH', `/api/slots/${of('A1')}`, { body });
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.json.details as object)).toEqual([field]);
  });

  it('asks for slot.manage', async () => {
    const answer = await as('view1', 'PATCH', `/api/slots/${of('A1')}`, { body: { label: 'x' } });
    expect(answer.json).toEqual(error('PERMISSION_DENIED'));
  });
});

describe('what is done with a phone', () => {
  it('restarts it with its app and reboots it, audited', async () => {
    await as('admin', 'PATCH', `/api/slots/${of('A2')}`, {
      body: { config: { app: 'org.telegram.messenger' } },
    });
    const restarted = await as('admin', 'POST', `/api/slots/${of('A2')}/restart`);
    expect(restarted.json).toEqual({ status: 'restarting', slot: of('A2') });
    expect((await here.nth('slot.restart')).args).toMatchObject({
      slot: 'A2',
      app: 'org.telegram.messenger',
    });
    const rebooted = await as('admin', 'POST', `/api/slots/${of('A2')}/reboot-device`);
    expect(rebooted.json).toEqual({ status: 'rebooting', slot: of('A2') });
    here.status('A2', 'REBOOTING');
    await here.stored();
    expect((await as('admin', 'GET', `/api/slots/${of('A2')}`)).json).toMatchObject({
      status: 'REBOOTING',
      holder: null,
    });
    const again = await as('admin', 'POST', `/api/slots/${of('A2')}/reboot-device`);
    expect([again.status, again.json]).toEqual([409, error('SLOT_OFFLINE')]);
    here.status('A2', 'ONLINE');
    await here.stored();
    expect((await audits('slot.reboot')).map(({ after }) => after)).toMatchObject([
      { result: 'ok' },
      { result: 'SLOT_OFFLINE' },
    ]);
  });

  it('gives a refusal of the bridge in its own words', async () => {
    here.replies.set('slot.reboot', () => ({ refuse: 'SLOT_FAILED', message: 'the phone said no' }));
    const answer = await as('admin', 'POST', `/api/slots/${of('A2')}/reboot-device`);
    here.replies.clear();
    expect([answer.status, answer.json]).toEqual([502, error('CALL_FAILED')]);
    expect(answer.json.details).toEqual({ bridge: ['SLOT_FAILED: the phone said no'] });
  });

  it('shows the screen', async () => {
    const answer = await as('view1', 'GET', `/api/slots/${of('A2')}/screen`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.text).toContain('PNG');
    here.replies.set('slot.screen', () => ({ refuse: 'SLOT_OFFLINE' }));
    expect((await as('view1', 'GET', `/api/slots/${of('A2')}/screen`)).json).toEqual(error('SLOT_OFFLINE'));
    here.replies.clear();
  });

  it('is reserved by a person, and freed by force by who may', async () => {
    const path = `/api/slots/${of('A2')}/hold`;
    const held = await as('admin', 'POST', path, { body: { minutes: 5 } });
    expect(held.json).toMatchObject({
      slot: of('A2'),
      holder: { kind: 'user', user: { username: 'admin' } },
    });
    expect((await as('view1', 'GET', `/api/slots/${of('A2')}`)).json).toMatchObject({
      status: 'BUSY',
      idle_since: null,
      holder: { id: USERS.admin },
    });
    expect((await as('view1', 'POST', path, { body: {} })).json).toEqual(error('PERMISSION_DENIED'));
    const freed = await as('admin', 'DELETE', `${path}?force=1`);
    expect(freed.json).toMatchObject({ slot: of('A2'), released: { kind: 'user', id: USERS.admin } });
    expect((await as('admin', 'DELETE', path)).json).toEqual({ slot: of('A2'), released: null });
    expect(await audits('slot.force_free')).toHaveLength(1);
  });

  it('is told in the slot’s history, page by page', async () => {
    const path = `/api/slots/${of('A2')}/history?limit=3`;
    const first = await as('view1', 'GET', path);
    const items = first.json.items as { id: number; kind: string; text: string }[];
    expect(items[0]).toMatchObject({ kind: 'hold', text: 'freed by force', user: { username: 'admin' } });
    const next = await as('view1', 'GET', `${path}&cursor=${String(first.json.next)}`);
    const older = next.json.items as { id: number }[];
    expect(older[0]?.id).toBeLessThan(items[2]?.id ?? 0);
    expect((await as('view1', 'GET', `${path}&cursor=x`)).status).toBe(400);
  });
});

describe('a bridge that is away', () => {
  it('has slots that are OFFLINE, and refuses within its deadline', async () => {
    there.disconnect();
    await soon(async () =>
      expect((await as('view1', 'GET', `/api/slots/${of('B1')}`)).json).toMatchObject({ status: 'OFFLINE' }),
    );
    for (const path of ['restart', 'reboot-device', 'hold', 'adb-command']) {
      const body = path === 'adb-command' ? { command: 'getprop' } : {};
      const answer = await as('admin', 'POST', `/api/slots/${of('B1')}/${path}`, { body });
      expect([path, answer.status, answer.json]).toEqual([path, 409, error('SLOT_OFFLINE')]);
    }
    expect((await as('view1', 'GET', `/api/slots/${of('B1')}/screen`)).json).toEqual(error('SLOT_OFFLINE'));
    await there.connect();
  });
});

describe('DELETE /api/slots/{id}', () => {
  it('takes a phone that is gone off the list, and it comes back with its number when it is seen', async () => {
    const path = `/api/slots/${of('A2')}`;
    const connected = await as('admin', 'DELETE', path);
    expect([connected.status, connected.json]).toEqual([409, error('SLOT_BUSY')]);
    here.status('A2', 'OFFLINE');
    await here.stored();
    expect((await as('view1', 'DELETE', path)).status).toBe(403);
    expect((await as('admin', 'DELETE', path)).status).toBe(204);
    expect((await as('admin', 'GET', path)).json).toEqual(error('NOT_FOUND'));
    // The bridge names it among what it knows, away: that brings nothing back.
    here.status('A2', 'OFFLINE');
    await here.stored();
    expect((await as('admin', 'GET', path)).json).toEqual(error('NOT_FOUND'));
    here.status('A2', 'ONLINE');
    await here.stored();
    expect((await as('admin', 'GET', path)).json).toMatchObject({
      serial: 'A2',
      config: { app: 'org.telegram.messenger' },
    });
  });
});

describe('GET /api/monitor', () => {
  it('says null and why while nothing is known', async () => {
    const system = (await as('view1', 'GET', '/api/monitor/system')).json;
    expect(system).toMatchObject({
      cpu: null,
      uptime: null,
      at: null,
      age_sec: null,
      bridge: here.record.id,
    });
    expect(Object.keys(system.why as object)).toContain('cpu');
    expect((await as('view1', 'GET', '/api/monitor/network')).json).toMatchObject({
      latency_ms: null,
      why: { latency_ms: expect.any(String) as string },
    });
    expect(list(await as('view1', 'GET', '/api/monitor/usb'))).toMatchObject([
      { bridge: here.record.id, hub: null, why: { hub: expect.any(String) as string } },
      { bridge: there.record.id, hub: null },
    ]);
  });

  it('answers the host’s readings with their age', async () => {
    const at = Date.now() - 10_000;
    const host = {
      cpu: 12.5,
      ram: 40,
      ram_total_mb: 8_000,
      uptime_sec: 52_325,
      rss_mb: 70,
      latency_ms: 21,
      bandwidth_mbps: null,
    };
    const ports = [
      { port: 1, state: 'online' as const, slot: 'A1' },
      { port: 2, state: 'empty' as const, slot: null },
    ];
    here.say({
      t: 'readings',
      readings: {
        at,
        host: { ...host, why: { bandwidth_mbps: 'no interface counts bytes' } },
        hubs: [{ hub: '1-1', name: 'USB2.0 Hub', total: 2, online: 1, ports }],
      },
    });
    await soon(async () =>
      expect((await as('view1', 'GET', '/api/monitor/system')).json).toMatchObject({ cpu: 12.5 }),
    );
    const system = (await as('view1', 'GET', `/api/monitor/system?bridge=${here.record.id}`)).json;
    expect(system).toMatchObject({ uptime: '14h32m', ram: 40, rss_mb: 70, why: {} });
    expect(system.age_sec).toBeGreaterThanOrEqual(10);
    expect((await as('view1', 'GET', '/api/monitor/network')).json).toMatchObject({
      bandwidth_mbps: null,
      latency_ms: 21,
      why: { bandwidth_mbps: 'no interface counts bytes' },
    });
    expect(list(await as('view1', 'GET', `/api/monitor/usb?bridge=${here.record.id}`))).toMatchObject([
      { hub: '1-1', online: 1, total: 2, ports: [{ serial: 'A1', slot: of('A1') }, { slot: null }] },
    ]);
  });

  it('has no bridge to ask before one is enrolled', async () => {
    await openDb(env.DB).update(bridges).set({ revokedAt: 1 }).where(eq(bridges.tenantId, TWO));
    await env.SESSION_GATE.getByName(TWO).tenantChanged();
    expect((await as('admin2', 'GET', '/api/monitor/system')).json).toMatchObject({
      bridge: null,
      cpu: null,
      why: { cpu: 'no bridge is enrolled' },
    });
    expect(list(await as('admin2', 'GET', '/api/monitor/usb'))).toEqual([]);
    expect(list(await as('admin2', 'GET', '/api/slots'))).toEqual([]);
  });
});
