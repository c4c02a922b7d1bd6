import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import incoming from '../../../test/sim/pbx/traces/incoming-group-answered.json';
import missed from '../../../test/sim/pbx/traces/incoming-group-missed.json';
import outgoing from '../../../test/sim/pbx/traces/outgoing-second-trunk.json';
import { TestLink } from '../../../test/worker/support/crm-link';
import { migrateObject } from '../../lib/migrations';
import type { CallHubApi } from '../contract';
import { CALL_HUB_MIGRATIONS } from '../migrations';
import { CRM_CALL_RULES, type CrmIntent } from './contract';

type Posts = { event: string; body: Record<string, unknown>; receivedAt: number }[];
interface Steps {
  steps: { after: number; event: string; body: object }[];
}

/** Posts of a trace that ended half an hour ago. */
function posts(trace: Steps, run: string): Posts {
  const epoch = Math.floor(Date.now() / 1000) - 1_800;
  return trace.steps.map((step) => {
    const text = JSON.stringify(step.body)
      .replace(/"\{(-?\d+)\}\.(\d+)"/g, (_, n: string, seq: string) => `"${epoch + Number(n)}.${run}${seq}"`)
      .replace(/"\[(-?\d+)\]"/g, (_, n: string) => {
        const wall = new Date((epoch + Number(n) + 3 * 3_600) * 1000).toISOString();
        return `"${wall.slice(0, 19).replace('T', ' ')}"`;
      })
      .replaceAll('"b1"', `"b1-${run}"`);
    const body = JSON.parse(text) as Record<string, unknown>;
    return { event: step.event, body, receivedAt: epoch * 1000 + step.after };
  });
}

const on = (version = 1, enabled = true) => ({
  version,
  links: [{ family: 'retailcrm', enabled }],
  rules: CRM_CALL_RULES,
});

async function connected(): Promise<{ link: TestLink; hub: DurableObjectStub<CallHubApi> }> {
  const link = await new TestLink().connect();
  return { link, hub: env.CALL_HUB.getByName(link.tenantId) };
}

const rows = (hub: DurableObjectStub<CallHubApi>): Promise<CrmIntent[]> =>
  runInDurableObject(hub, (_, { storage }) =>
    storage.sql
      .exec<{ body: string }>('SELECT body FROM crm_outbound ORDER BY seq')
      .toArray()
      .map(({ body }) => JSON.parse(body) as CrmIntent),
  );

/** What waits in the hub reaches the link, and from there the CRM. */
async function settle({ link, hub }: { link: TestLink; hub: DurableObjectStub<CallHubApi> }): Promise<void> {
  await runDurableObjectAlarm(hub);
  await hub.tellCrm();
  await link.alarm();
}

describe('a call told to a CRM', () => {
  it.each([
    ['incoming', incoming, { type: 'in', result: 'answered', code: '102', phone: '+375290000001' }, 3],
    ['missed', missed, { type: 'in', result: 'no answer', duration: 0, durationWaiting: 30 }, 2],
    ['outgoing', outgoing, { type: 'out', result: 'answered', code: '101', phone: '+375290000002' }, 2],
  ])('ends as one row of its history: %s', async (_, trace, row, popups) => {
    const both = await connected();
    const { link, hub } = both;
    await hub.setCrm(on());
    for (const post of posts(trace, '1')) {
      await hub.ingestPbx(post);
      expect(await hub.ingestPbx(post)).toMatchObject({ duplicate: true });
    }
    await settle(both);
    await settle(both);
    expect(link.sim.history.map((one) => one.row)).toEqual([expect.objectContaining(row)]);
    expect(link.sim.popups.map(({ type }) => type)).toHaveLength(popups);
    expect(await hub.tellCrm()).toEqual([]);
  });

  it('has the caller’s number as the rule of its line writes it, told apart by how it came', async () => {
    const both = await connected();
    const { link, hub } = both;
    const incomingTransform = { 'gsm:0002001': '+375{9}', 'sip:0002001': '+1{9}' };
    await hub.setCrm({ ...on(), rules: { ...CRM_CALL_RULES, incomingTransform } });
    const dialledAtHome = JSON.parse(
      JSON.stringify(incoming).replaceAll('375290000001', '80290000001'),
    ) as Steps;
    for (const post of posts(dialledAtHome, '2')) await hub.ingestPbx(post);
    await settle(both);
    await settle(both);
    expect(new Set(link.sim.popups.map(({ phone }) => phone))).toEqual(new Set(['+375290000001']));
    expect(link.sim.history.map(({ row }) => row)).toMatchObject([
      { phone: '+375290000001', result: 'answered', code: '102' },
    ]);
  });

  it('loses nothing by evictions between any two steps, and says nothing twice', async () => {
    const both = await connected();
    const { link, hub } = both;
    await hub.setCrm(on());
    for (const post of posts(incoming, '2')) {
      await hub.ingestPbx(post);
      await evictDurableObject(hub);
    }
    await runDurableObjectAlarm(hub);
    await evictDurableObject(hub);
    await settle(both);
    expect(link.sim.history).toHaveLength(1);
    expect(link.sim.popups.map(({ type }) => type)).toEqual(['in', 'hangup', 'hangup']);
  });

  it('waits in the hub while the link can’t be reached, in order, and is told when it can', async () => {
    const { link, hub } = await connected();
    await hub.setCrm(on());
    await runInDurableObject(link.stub, (instance) => {
      (instance as unknown as { takeIntents: unknown }).takeIntents = () => {
        throw new Error('away');
      };
    });
    for (const post of posts(incoming, '3')) await hub.ingestPbx(post);
    await runDurableObjectAlarm(hub);
    const waiting = await rows(hub);
    expect(waiting.map(({ kind, n }) => [n, kind])).toEqual([
      [1, 'popup'],
      [2, 'close'],
      [3, 'hangup'],
      [4, 'record'],
    ]);
    const alarm = await runInDurableObject(hub, (_, { storage }) => storage.getAlarm());
    expect(alarm).not.toBeNull();
    expect(await hub.tellCrm()).toMatchObject([{ family: 'retailcrm', waiting: 4 }]);
    await evictDurableObject(link.stub);
    await evictDurableObject(hub);
    await runDurableObjectAlarm(hub);
    await expect.poll(() => rows(hub)).toEqual([]);
  });

  it('makes no second record when its hangup is told again long after', async () => {
    const both = await connected();
    const { link, hub } = both;
    await hub.setCrm(on());
    const story = posts(incoming, '4');
    for (const post of story) await hub.ingestPbx(post);
    await settle(both);
    // Its facts are dropped a day after.
    await runInDurableObject(hub, (_, { storage }) => {
      storage.sql.exec('DELETE FROM pbx_keys');
      storage.sql.exec('DELETE FROM pbx_groups');
    });
    await evictDurableObject(hub);
    const last = story.at(-1);
    if (!last) throw new Error('the trace is empty');
    await hub.ingestPbx({ ...last, body: { ...last.body, origin: 'download' }, receivedAt: Date.now() });
    await settle(both);
    expect(link.sim.history).toHaveLength(1);
  });

  it('follows its settings from the next event on, the newest of them, and is nobody’s without a link', async () => {
    const { hub } = await connected();
    await hub.setCrm(on(5, false));
    await hub.setCrm(on(4, true));
    for (const post of posts(missed, '5')) await hub.ingestPbx(post);
    expect(await rows(hub)).toEqual([]);
    await hub.setCrm({
      ...on(6),
      links: [{ family: 'webhook', enabled: true }],
      rules: { ...CRM_CALL_RULES, popups: { in: false, out: true, hangup: true } },
    });
    for (const post of posts(missed, '6')) await hub.ingestPbx(post);
    await evictDurableObject(hub);
    await runDurableObjectAlarm(hub);
    const records = await runInDurableObject(hub, (_, { storage }) =>
      storage.sql.exec<{ external_id: string }>('SELECT external_id FROM crm_records').toArray(),
    );
    expect(records).toHaveLength(1);
  });

  it('goes on with the storage of a hub that knew no CRM', async () => {
    const both = await connected();
    const { link, hub } = both;
    const story = posts(incoming, '7');
    await runInDurableObject(hub, async (_, { storage }) => {
      await storage.deleteAll();
      migrateObject(storage, CALL_HUB_MIGRATIONS.slice(0, 6));
      storage.sql.exec("INSERT INTO meta VALUES ('tenant', ?)", link.tenantId);
      const [start] = story;
      const fact = {
        k: 'start',
        at: start?.receivedAt,
        u: start?.body.UniqueId,
        phone: '375290000001',
        trunk: '0002001',
      };
      storage.sql.exec(
        "INSERT INTO pbx_groups (call_id, published, touched_at, due, facts) VALUES ('c_before', 1, 1, 2, ?)",
        JSON.stringify([fact]),
      );
      storage.sql.exec("INSERT INTO pbx_keys VALUES (?, 'c_before')", `u:${String(start?.body.UniqueId)}`);
    });
    await evictDurableObject(hub);
    await hub.setCrm(on());
    for (const post of story.slice(1)) await hub.ingestPbx(post);
    await settle(both);
    expect(link.sim.history.map((one) => one.row)).toMatchObject([{ type: 'in', code: '102' }]);
  });
});
