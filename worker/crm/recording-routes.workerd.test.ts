import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ChannelStory, CUSTOMER } from '../../test/sim/pbx/channels';
import { eventsOf, newJournal, take } from '../../test/worker/support/bridge-events';
import { hubOf } from '../../test/worker/support/call-hub';
import { CrmRoom } from '../../test/worker/support/crm-room';
import { openDb } from '../db';
import { tenants } from '../db/schema';

const FILE = 'RIFF-0123456789';
let room: CrmRoom;
let calls = 0;

/** An answered call with a recording, told to a connected CRM . */
async function recordedCall(): Promise<void> {
  calls += 1;
  const story = new ChannelStory({ first: calls * 100 })
    .make('t', 'trunk', 'trunk-main', { caller: CUSTOMER, exten: '101' })
    .make('a', 'extension', '101')
    .dial('t', 'a', '101')
    .enter(`b${calls}`, 't', 'a')
    .gone(16, 't', 'a');
  const hub = hubOf(room.tenant);
  const linkedid = story.id('t');
  const blobKey = `recordings/${room.tenant}-${linkedid}`;
  await env.BLOBS.put(blobKey, FILE);
  await hub.addRecording({
    bridgeId: 'b',
    pbx: 'office',
    uniqueid: linkedid,
    linkedid,
    sha256: 'a'.repeat(64),
    now: Date.now(),
    blobKey,
    sizeBytes: FILE.length,
    type: 'audio/wav',
  });
  // The recording waits for its call: what is told of the call in the end has it.
  await take(hub, newJournal(), eventsOf(story));
}

/** The address in the newest row that the CRM has got. */
async function toldUrl(more = 1): Promise<URL> {
  await vi.waitFor(() => expect(room.sim.history).toHaveLength(more), 10_000);
  const row = room.sim.history.at(-1)?.row as { recordUrl?: string };
  return new URL(String(row.recordUrl));
}
const open = (url: URL, headers: Record<string, string> = {}, method = 'GET') =>
  room.call(method, `${url.pathname}${url.search}`, { as: 'nobody', headers });

let url: URL;
beforeAll(async () => {
  room = await CrmRoom.make();
  await room.register();
  await recordedCall();
  url = await toldUrl();
});

describe('the address of a recording in the CRM', () => {
  it('plays without a sign-in, whole or in part, inside the CRM’s page', async () => {
    expect(url.origin).toBe('https://pbx.example');
    const whole = await open(url);
    expect([whole.status, whole.text]).toEqual([200, FILE]);
    expect(Object.fromEntries(whole.answer.headers)).toMatchObject({
      'content-type': 'audio/wav',
      'content-length': String(FILE.length),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'cross-origin',
      'content-disposition': expect.stringMatching(/^inline;/) as unknown,
    });
    const part = await open(url, { range: 'bytes=0-3' });
    expect([part.status, part.text]).toEqual([206, 'RIFF']);
    expect((await open(url, { range: 'bytes=99-' })).status).toBe(416);
    expect((await open(url, {}, 'HEAD')).status).toBe(200);
    const saved = await open(new URL(`${url.href}&download=1`));
    expect(saved.answer.headers.get('content-disposition')).toMatch(/^attachment;/);
  });

  it('is nowhere in the log', async () => {
    const { text } = await room.call('GET', `/retailcrm/api/logs/${room.tenant}?event_type=calls_upload`);
    expect(text).toContain('/recordings/file/');
    expect(text).not.toContain(url.searchParams.get('token'));
  });

  it.each<[string, (changed: URL) => void]>([
    ['another recording', (changed) => void (changed.pathname = `/recordings/file/${crypto.randomUUID()}`)],
    ['another call', ({ searchParams }) => searchParams.set('call', 'c_other')],
    ['another tenant', ({ searchParams }) => searchParams.set('enterprise_number', '0101')],
    ['another CRM', ({ searchParams }) => searchParams.set('source', 'webhook')],
    ['another time', ({ searchParams }) => searchParams.set('token', `9${searchParams.get('token')}`)],
    ['another proof', ({ searchParams }) => searchParams.set('token', `0.${'0'.repeat(64)}`)],
    ['no proof', ({ searchParams }) => searchParams.delete('token')],
  ])('opens nothing for %s', async (_, change) => {
    const changed = new URL(url);
    change(changed);
    const answer = await open(changed);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('not valid any more');
  });

  it('is void when its time is up, and while the tenant is disabled', async () => {
    const db = openDb(env.DB);
    await db.update(tenants).set({ disabledAt: 1 }).where(eq(tenants.id, room.tenant));
    expect((await open(url)).status).toBe(403);
    await db.update(tenants).set({ disabledAt: null }).where(eq(tenants.id, room.tenant));
    expect((await open(url)).status).toBe(200);
    const path = `/retailcrm/api/config/${room.tenant}`;
    const set = await room.call('PUT', path, { body: { config: { recording_link_days: 1 } } });
    expect(set.json).toMatchObject({ config: { recording_link_days: 1, send_recordings: true } });
  });

  it('is void when it is called back; what is told afterwards is good, until the CRM is disconnected', async () => {
    const path = `/retailcrm/api/recording-links/${room.tenant}/revoke`;
    expect((await room.call('POST', path, { as: 'anna' })).status).toBe(403);
    expect(await room.call('POST', path)).toMatchObject({ status: 200 });
    expect(await room.lastAudit()).toMatchObject({ action: 'crm.recordings.revoke' });
    expect((await open(url)).status).toBe(403);
    await recordedCall();
    const fresh = await toldUrl(2);
    expect((await open(fresh)).status).toBe(200);
    const [seconds = ''] = (fresh.searchParams.get('token') ?? '').split('.');
    expect(Number(seconds) * 1_000).toBeGreaterThan(Date.now());
    await room.call('DELETE', `/retailcrm/api/config/${room.tenant}`);
    expect((await open(fresh)).status).toBe(403);
    await room.register();
    expect((await open(fresh)).status).toBe(403);
  });

  it('says so when the file is gone, and is not told where it is not wanted', async () => {
    await recordedCall();
    const fresh = await toldUrl(3);
    await env.BLOBS.delete(
      (await env.BLOBS.list({ prefix: `recordings/${room.tenant}-` })).objects.map(({ key }) => key),
    );
    expect(await open(fresh)).toMatchObject({
      status: 404,
      text: expect.stringContaining('no such') as unknown,
    });
    const config = { send_recordings: false };
    await room.call('PUT', `/retailcrm/api/config/${room.tenant}`, { body: { config } });
    await recordedCall();
    await expect.poll(() => room.sim.history.length, { timeout: 10_000 }).toBe(4);
    expect(room.sim.history.at(-1)?.row).not.toHaveProperty('recordUrl');
  });
});
