/**
 * Calls of a PBX end as one row each in the stand-in for RetailCRM, popups before the row, whatever dies on the way: the
 * whole server in the middle of the telling, the CRM after it took a row, both at once.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveSim, type RunningSim } from '../sim/retailcrm/server.ts';
import { RetailCrmSim } from '../sim/retailcrm/sim.ts';
import { playTrace, readTrace } from '../sim/pbx/trace.ts';
import { signIn, type Client } from './support/client.ts';
import { expectStatus } from './support/handset.ts';
import { TestServer } from './support/server.ts';

const ENT = '0101';
const TOKEN = '100200300400';
const PATIENCE_MS = 180_000;

let server: TestServer;
let crm: RetailCrmSim;
let running: RunningSim;
let admin: Client;
let runs = 0;

beforeAll(async () => {
  crm = new RetailCrmSim({ loopback: true, generalRate: 1_000 });
  running = await serveSim(crm);
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin');
  const api = '/retailcrm/api';
  expectStatus(200, await admin.post(`${api}/register/${ENT}`, { domain: running.url, api_key: crm.apiKey }));
  const extensions = { '11': '101', '12': '102', '13': '103' };
  expectStatus(200, await admin.post(`${api}/save-extensions/${ENT}`, { extensions }));
});
afterAll(async () => {
  await server.stop();
  await running.close();
});

/** Posts a trace's events as fast as they are taken, again until they are; answers the ids of its calls. */
async function play(name: string): Promise<string> {
  runs += 1;
  const run = String(100 + runs);
  const epoch = Math.floor(Date.now() / 1_000) - 120;
  const posts = playTrace(readTrace(name), { epoch, zoneMinutes: 180, token: TOKEN, run });
  for (const { event, body } of posts) {
    for (let left = 100; ; left -= 1) {
      const reply = await admin.post(`/asterisk/${event}`, body, { token: null }).catch(() => null);
      if (reply?.status === 200) break;
      if (left === 0) throw new Error(`${event} was never taken`);
      await delay(300);
    }
  }
  const first = posts.map(({ body }) => body.UniqueId).find((id) => typeof id === 'string' && id !== '');
  return String(first);
}

const rowsOf = (id: string) => crm.history.filter((one) => one.externalId === id);
const popupsOf = (id: string) => crm.popups.filter((one) => one.callExternalId === id);

describe('a call', { timeout: PATIENCE_MS }, () => {
  it('is shown to whom it rings and becomes one row of the history', async () => {
    const id = await play('incoming-answered');
    await expect.poll(() => rowsOf(id).length, { timeout: 60_000 }).toBe(1);
    expect(rowsOf(id)[0]?.row).toMatchObject({ type: 'in', result: 'answered', code: '102', userId: 12 });
    const [first] = popupsOf(id);
    expect(first).toMatchObject({
      type: 'in',
      phone: '+375290000000',
      codes: expect.arrayContaining(['101', '102']) as string[],
    });
    expect(popupsOf(id).at(-1)).toMatchObject({ type: 'hangup', hangupStatus: 'answered' });
    const logs = expectStatus(200, await admin.get(`/retailcrm/api/logs/${ENT}?call_id=${id}`));
    expect(logs.text).toContain('calls_upload');
    expect(logs.text).not.toContain(crm.apiKey);
  });

  it('is missed where nobody took it', async () => {
    const id = await play('incoming-missed');
    await expect.poll(() => rowsOf(id).length, { timeout: 60_000 }).toBe(1);
    expect(rowsOf(id)[0]?.row).toMatchObject({ type: 'in', result: 'no answer', duration: 0 });
    expect(popupsOf(id).at(-1)).toMatchObject({ type: 'hangup', hangupStatus: 'no answered' });
  });
});

describe('when things die', { timeout: PATIENCE_MS }, () => {
  it('a caller is sent elsewhere once, whoever asks again afterwards', async () => {
    const redirect = async () => {
      const body = { enterprise_number: ENT, phone: '375290000001', unique_id: `${Date.now() % 1e9}.1` };
      const ask = async () => (await admin.post('/retailcrm/api/smart-redirect', body)).json;
      expect(await ask()).toMatchObject({ extension: '101', redirect: 'queued' });
      return ask;
    };
    const beforeDeath = await redirect();
    await server.kill();
    await server.start();
    expect(await beforeDeath()).toMatchObject({ redirect: 'skipped', reason: 'repeated' });
    const beforeRestart = await redirect();
    await server.killRuntime();
    await expect
      .poll(() => beforeRestart().catch(() => null), { timeout: 60_000 })
      .toMatchObject({ redirect: 'skipped', reason: 'repeated' });
  });

  it.each([
    ['the server', () => server.kill()],
    ['the runtime', () => server.killRuntime()],
  ] as const)('%s, every call is told once, popups first', async (what, kill) => {
    const ids: string[] = [];
    const playing = (async () => {
      for (let n = 0; n < 6; n += 1)
        ids.push(await play(n % 2 === 0 ? 'incoming-answered' : 'outgoing-answered'));
    })();
    // Some deaths fall between the CRM's taking a row and our knowing of it.
    crm.faults.push({ kind: 'cut_after_commit', path: '/upload', times: 2 });
    for (let deaths = 0; deaths < 2; deaths += 1) {
      await delay(randomInt(200, 1_500));
      await kill();
      if (what === 'the server') await server.start();
    }
    await playing;
    for (const id of ids) await expect.poll(() => rowsOf(id).length, { timeout: 120_000 }).toBe(1);
    for (const id of ids) {
      const row = rowsOf(id)[0];
      const shown = popupsOf(id).filter(({ type }) => type !== 'hangup');
      expect(shown.length).toBeGreaterThan(0);
      for (const popup of shown) expect(popup.at).toBeLessThanOrEqual(row?.at ?? 0);
    }
  });

  it('a key that is refused holds everything until it is good again, and nothing is lost', async () => {
    crm.keyRevoked = true;
    const ids = [await play('incoming-missed'), await play('outgoing-unanswered')];
    const held = async () => (await admin.get(`/retailcrm/api/link/${ENT}`)).json.held;
    await expect
      .poll(held, { timeout: 60_000 })
      .toMatchObject({ http_status: 403, reason: '403: Wrong "apiKey" value.' });
    await server.kill();
    await server.start();
    expect(await held()).not.toBeNull();
    crm.keyRevoked = false;
    expectStatus(200, await admin.post(`/retailcrm/api/test-connection/${ENT}`, {}));
    for (const id of ids) await expect.poll(() => rowsOf(id).length, { timeout: 60_000 }).toBe(1);
  });
});
