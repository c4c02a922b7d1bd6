// Calls of a real Asterisk, with sound both ways, as a CRM is told of them: PBX, bridge, platform and a strict CRM.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Bridges, type Enrolled } from '../integration/support/bridges.ts';
import { signIn, type Client } from '../integration/support/client.ts';
import { expectStatus } from '../integration/support/handset.ts';
import { TestServer } from '../integration/support/server.ts';
import { click } from '../sim/retailcrm/callbacks.ts';
import { serveSim, type RunningSim } from '../sim/retailcrm/server.ts';
import { RetailCrmSim } from '../sim/retailcrm/sim.ts';
import type { HistoryRow, Popup } from '../sim/retailcrm/types.ts';
import { pbxToml } from './support/asterisk-part.ts';
import { asterisk, callFromCarrier, hangUpEverything } from './support/telephony.ts';

const ENT = '0101';
const soon = { timeout: 30_000, interval: 100 };
/** How long the two of a call talk, ms. */
const TALK_MS = 2_000;
let crm: RetailCrmSim;
let running: RunningSim;
let server: TestServer;
let admin: Client;
let bridges: Bridges;
let one: Enrolled;

beforeAll(async () => {
  crm = new RetailCrmSim({ loopback: true, generalRate: 1_000 });
  running = await serveSim(crm);
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin');
  const wish = { domain: running.url, api_key: crm.apiKey };
  expectStatus(200, await admin.post(`/retailcrm/api/register/${ENT}`, wish));
  const extensions = { '11': '150', '12': '151' };
  expectStatus(200, await admin.post(`/retailcrm/api/save-extensions/${ENT}`, { extensions }));
  bridges = new Bridges(admin);
  one = await bridges.enrolled(pbxToml(), 'bridge');
  one.bridge.start();
  await bridges.online(one.id);
  await vi.waitFor(async () => {
    const { json } = expectStatus(200, await admin.get('/api/pbx/status'));
    expect(json['pbx']).toMatchObject([{ ami: 'up', ssh: 'up' }]);
  }, soon);
});
afterEach(hangUpEverything);
afterAll(async () => {
  await bridges?.remove();
  await server?.stop();
  await running?.close();
});

const rowsOf = (phone: string): HistoryRow[] => crm.history.filter(({ row }) => row['phone'] === phone);
const popupsOf = (phone: string): Popup[] => crm.popups.filter((popup) => popup.phone === phone);

/** The call's one row, once it is there. */
async function rowOf(phone: string): Promise<HistoryRow> {
  await expect.poll(() => rowsOf(phone), { ...soon, timeout: 60_000 }).toHaveLength(1);
  const [row] = rowsOf(phone);
  if (row === undefined) throw new Error('no row');
  return row;
}

interface Channel {
  name: string;
  /** Counts the channels of this Asterisk in the order in which they were made. */
  seq: number;
  state: string;
}

async function channels(): Promise<Channel[]> {
  const lines = (await asterisk('core show channels concise')).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const fields = line.split('!');
    return { name: fields[0] ?? '', state: fields[4] ?? '', seq: Number(fields.at(-1)?.split('.')[1]) };
  });
}
const upOf = async (prefix: string): Promise<boolean> =>
  (await channels()).some(({ name, state }) => name.startsWith(prefix) && state === 'Up');
async function talking(): Promise<void> {
  await expect.poll(() => upOf('PJSIP/trunk-main-'), soon).toBe(true);
  await expect.poll(() => upOf('PJSIP/150-'), soon).toBe(true);
}

/** What Asterisk wrote down itself of the row's call. */
async function billedSeconds(externalId: string | null): Promise<number[]> {
  const { rows } = expectStatus(200, await admin.get('/api/pbx/cdr?limit=200')).json as {
    rows: { linkedid: string; disposition: string; billable_sec: number }[];
  };
  return rows
    .filter((row) => row.linkedid === externalId && row.disposition === 'ANSWERED')
    .map((row) => row.billable_sec);
}

describe('a call with sound', () => {
  it('that comes in is shown to whom it rings and is one row, as long as Asterisk says', async () => {
    const phone = '+375290000077';
    const caller = callFromCarrier('375170000001', TALK_MS);
    await expect.poll(() => popupsOf(phone), soon).toMatchObject([{ type: 'in', codes: ['150'] }]);
    await talking();
    expect(rowsOf(phone)).toEqual([]);
    expect(await caller.ended).toBe(0);
    const { row, externalId } = await rowOf(phone);
    expect(row).toMatchObject({ type: 'in', code: '150', userId: 11, result: 'answered', externalId });
    expect(popupsOf(phone)).toMatchObject([
      { type: 'in', callExternalId: externalId },
      { type: 'hangup', codes: ['150'], hangupStatus: 'answered', callExternalId: externalId },
    ]);
    expect(externalId).toMatch(/^\d+\.\d+$/);
    await expect.poll(async () => (await billedSeconds(externalId)).length, soon).toBeGreaterThan(0);
    const billed = Math.max(...(await billedSeconds(externalId)));
    expect(Math.abs(Number(row['duration']) - billed)).toBeLessThanOrEqual(1);
    expect(Number(row['duration'])).toBeGreaterThanOrEqual(TALK_MS / 1_000 - 1);
  });

  it('that a manager makes from the phone is one row of who made it', async () => {
    const phone = '+375290000021';
    await asterisk(`channel originate PJSIP/150 extension ${phone}@inoffice`);
    await talking();
    await expect.poll(() => popupsOf(phone), soon).toMatchObject([{ type: 'out', codes: ['150'] }]);
    await delay(TALK_MS);
    await hangUpEverything();
    const { row } = await rowOf(phone);
    expect(row).toMatchObject({ type: 'out', code: '150', userId: 11, result: 'answered' });
    expect(Number(row['duration'])).toBeGreaterThanOrEqual(TALK_MS / 1_000 - 1);
    expect(popupsOf(phone).at(-1)).toMatchObject({ type: 'hangup', hangupStatus: 'answered' });
  });
});

describe('a click in the CRM', () => {
  const clicked = async (method: 'GET' | 'POST', phone: string) => {
    if (crm.module === null) throw new Error('not registered');
    return click(crm.module, method, { code: '150', phone: phone.slice(1), userId: 11 });
  };

  it('rings the manager, then the customer, once for two clicks', async () => {
    const phone = '+375290000031';
    expect(await clicked('GET', phone)).toMatchObject({ status: 200, text: 'OK' });
    // The second click of an impatient hand is the same one.
    expect(await clicked('POST', phone)).toMatchObject({ status: 200, text: 'OK' });
    await talking();
    const legs = await channels();
    const [manager = 0, ...more] = legs
      .filter(({ name }) => name.startsWith('PJSIP/150-'))
      .map(({ seq }) => seq);
    expect(more).toEqual([]);
    const customer = legs.find(({ name }) => name.startsWith('PJSIP/trunk-main-'))?.seq ?? 0;
    expect(manager).toBeLessThan(customer);
    await expect.poll(() => popupsOf(phone), soon).toMatchObject([{ type: 'out', codes: ['150'] }]);
    await delay(TALK_MS);
    await hangUpEverything();
    const { row } = await rowOf(phone);
    expect(row).toMatchObject({ type: 'out', code: '150', userId: 11, result: 'answered' });
    const seconds = Number(row['duration']);
    expect(seconds).toBeGreaterThanOrEqual(TALK_MS / 1_000 - 1);
    expect(seconds).toBeLessThan(TALK_MS / 1_000 + 20);
  });

  it('on a customer who is busy is a row that says so', async () => {
    const phone = '+375290000486';
    expect(await clicked('POST', phone)).toMatchObject({ status: 200 });
    const { row } = await rowOf(phone);
    expect(row).toMatchObject({ type: 'out', code: '150', result: 'busy', duration: 0 });
  });

  it('for a phone that is not there is told to the manager', async () => {
    const { module } = crm;
    if (module === null) throw new Error('not registered');
    const answer = await click(module, 'GET', { code: '152', phone: '375290000033', userId: 11 });
    expect(answer.status).toBe(502);
    expect(answer.text).toContain('152');
  });
});

it('ends with one row per call and nothing left to tell', async () => {
  const status = async () => expectStatus(200, await admin.get(`/retailcrm/api/link/${ENT}`)).json;
  await expect.poll(status, soon).toMatchObject({ waiting: 0, dead: 0 });
  const ids = crm.history.map(({ externalId }) => externalId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toHaveLength(4);
});
