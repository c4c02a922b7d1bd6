import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  campaignObject,
  command,
  endCall,
  leadsAge,
  newCampaign,
  newLeadNumber,
  progress,
  ring,
  run,
  whyOf,
} from '../../test/worker/support/campaign';
import { as, error, items, ONE, seedPeople, text, USERS } from '../../test/worker/support/dialer';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled, soon } from '../../test/worker/support/slot-rows';

let bridge: SlotBridge;
let running: string[] = [];

beforeAll(seedPeople);
beforeEach(async () => {
  const mark = crypto.randomUUID().slice(0, 6);
  bridge = await enrolled([`A${mark}`, `B${mark}`]);
});
afterEach(async () => {
  for (const id of running) await command(id, 'stop');
  running = [];
  expect(bridge.problems).toEqual([]);
  bridge.disconnect();
});

const start = async (settings: Record<string, unknown>, numbers: readonly string[]) => {
  const id = await newCampaign(settings);
  running.push(id);
  const answer = await run(id, numbers);
  expect(answer.status).toBe(200);
  return { id, answer };
};
const fresh = (count: number): string[] => Array.from({ length: count }, newLeadNumber);
const dialled = (): string[] => bridge.of('slot.call').map(({ args }) => text(args.number));
const attemptsOf = async (id: string) =>
  items(await as('admin', 'GET', `/api/autodialer/campaigns/${id}/attempts`));
const leadsOf = async (id: string, query = '') =>
  items(await as('admin', 'GET', `/api/autodialer/campaigns/${id}/leads${query}`));

describe('a progressive campaign on slots', () => {
  it('calls one lead per free slot, goes on as slots become free, and is done with the last', async () => {
    const numbers = fresh(5);
    const { id, answer } = await start({}, numbers);
    expect(answer.json).toMatchObject({ state: 'running', received: 5, added: 5, duplicates: 0, invalid: 0 });
    await soon(async () => expect(bridge.of('slot.call')).toHaveLength(2));
    await soon(async () => expect(await whyOf(id)).toEqual(['no_free_slot']));
    expect((await progress(id)).current_calls).toHaveLength(2);
    for (let n = 0; n < 5; n += 1) await endCall(bridge, n, 'answered');
    await soon(async () => {
      await ring(id);
      expect(await progress(id)).toMatchObject({
        state: 'done',
        leads: { total: 5, done: 5, waiting: 0, calling: 0 },
        results: { answered: 5 },
        attempts: { total: 5, by_outcome: { answered: 5 } },
        why: [{ code: 'done' }],
      });
    });
    expect(dialled().toSorted()).toEqual(numbers.toSorted());
  });

  it('keeps the evidence of each attempt', async () => {
    const [number = ''] = fresh(1);
    const { id } = await start({}, [number]);
    await endCall(bridge, 0, 'answered');
    await soon(async () => expect((await attemptsOf(id))[0]).toMatchObject({ state: 'ended' }));
    const [attempt] = await attemptsOf(id);
    expect(attempt).toMatchObject({
      number,
      n: 1,
      outcome: 'answered',
      via: 'slot',
      evidence: {
        time_zone_source: 'number',
        list_version: 1,
        campaign_version: 1,
        dnc: { listed: false, version: expect.any(Number) as number },
        number_cap: { calls_today: 1, cap: 3 },
        pacing: { live: 0, max_concurrent: 5, free_slots: 2, started_last_minute: 0 },
      },
    });
    const kept = attempt?.evidence as { local_times: Record<string, string>[] } | undefined;
    const clock = kept?.local_times[0];
    expect(clock).toMatchObject({ time_zone: 'Europe/Minsk' });
    expect(clock?.local).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/);
    // The call is one of the tenant's calls like any other.
    const call = await as('admin', 'GET', `/api/call/${text(attempt?.call_id)}`);
    expect(call.json).toMatchObject({ number, outcome: 'answered', source: 'slot' });
  });

  it('keeps to the cap of calls at a time, and of calls per minute', async () => {
    const first = await start({ max_concurrent: 1 }, fresh(3));
    await soon(async () => expect(await whyOf(first.id)).toContain('at_cap'));
    expect(bridge.of('slot.call')).toHaveLength(1);
    await command(first.id, 'stop');
    await endCall(bridge, 0, 'answered');
    const second = await start({ calls_per_minute: 1 }, fresh(3));
    await soon(async () => expect(bridge.of('slot.call')).toHaveLength(2));
    await endCall(bridge, 1, 'answered');
    await soon(async () => expect(await whyOf(second.id)).toEqual(['rate_cap']));
    const { why } = await progress(second.id);
    expect(Date.parse(why[0]?.until ?? '')).toBeGreaterThan(Date.now());
    await leadsAge(second.id, 61_000);
    await soon(async () => expect(bridge.of('slot.call')).toHaveLength(3));
  });

  it('calls busy and silent leads again by the rules, and gives them up by the rules', async () => {
    const [number = ''] = fresh(1);
    const retry = { busy: { attempts: 2, delay_minutes: 10 }, no_answer: { attempts: 1, delay_minutes: 1 } };
    const { id } = await start({ retry }, [number]);
    await endCall(bridge, 0, 'busy');
    await soon(async () => {
      expect(await progress(id)).toMatchObject({
        leads: { waiting: 1, retry: 1 },
        why: [{ code: 'waiting_retry' }],
      });
    });
    const [lead] = await leadsOf(id);
    const due = Date.parse(text(lead?.next_at)) - Date.now();
    expect(due).toBeGreaterThan(9 * 60_000);
    expect(due).toBeLessThan(11 * 60_000);
    await leadsAge(id, 10 * 60_000);
    await endCall(bridge, 1, 'busy');
    await soon(async () => {
      await ring(id);
      expect(await progress(id)).toMatchObject({
        state: 'done',
        results: { busy: 1 },
        attempts: { total: 2, by_outcome: { busy: 2 } },
      });
    });
    expect(dialled()).toEqual([number, number]);
  });

  it('dials nobody outside of their window, and says when it opens', async () => {
    const hour = (new Date().getUTCHours() + 3 + 2) % 24;
    const from = `${String(hour).padStart(2, '0')}:00`;
    const to = hour === 23 ? '24:00' : `${String(hour + 1).padStart(2, '0')}:00`;
    const { id } = await start({ windows: [{ days: [1, 2, 3, 4, 5, 6, 7], from, to }] }, fresh(2));
    const { why, next_at: next } = await progress(id);
    expect(why).toMatchObject([{ code: 'outside_window', count: 2 }]);
    const opens = Date.parse(why[0]?.until ?? '');
    expect(opens).toBeGreaterThan(Date.now());
    expect(new Date(opens).getUTCHours()).toBe((hour + 21) % 24);
    expect(next).toBe(why[0]?.until);
    expect(bridge.of('slot.call')).toEqual([]);
    // The lead's own zone decides, not the number's.
    const zone = hour >= 12 ? 'Etc/GMT+12' : 'Pacific/Kiritimati';
    const answer = await as('admin', 'POST', '/api/autodialer/run-campaign', {
      body: { campaign_id: id, leads: [{ number: newLeadNumber(), time_zone: zone }] },
    });
    expect(answer.json).toMatchObject({ added: 1 });
    expect((await leadsOf(id)).at(-1)).toMatchObject({ time_zones: [zone], time_zone_source: 'given' });
  });
});

describe('whom nobody dials', () => {
  it('asks the do-not-call list before each attempt, and drops listed numbers that come in', async () => {
    const [kept = '', listed = '', later = ''] = fresh(3);
    const put = (number: string) =>
      as('admin', 'POST', '/api/autodialer/do-not-call', { body: { number, reason: 'asked' } });
    await put(listed);
    const { id, answer } = await start({ max_concurrent: 1 }, [kept, listed, later]);
    expect(answer.json).toMatchObject({
      added: 2,
      do_not_call: 1,
      problems: [{ row: 2, number: listed, problem: 'on_do_not_call_list' }],
    });
    await bridge.nth('slot.call', 0);
    // It is put on the list while it waits already.
    await put(later);
    await endCall(bridge, 0, 'answered');
    await soon(async () => {
      await ring(id);
      expect(await progress(id)).toMatchObject({
        state: 'done',
        results: { answered: 1, do_not_call: 1 },
        attempts: { total: 1, blocked: 1 },
      });
    });
    expect(dialled()).toEqual([kept]);
    expect((await attemptsOf(id))[0]).toMatchObject({
      state: 'blocked',
      reason: 'listed',
      evidence: { dnc: { listed: true } },
    });
  });

  it('dials a number as often as allowed in a day, whichever campaign asks', async () => {
    await as('admin', 'PUT', '/api/autodialer/limits', { body: { calls_per_number_per_day: 1 } });
    const [number = ''] = fresh(1);
    const first = await start({}, [number]);
    await endCall(bridge, 0, 'answered');
    const second = await start({}, [number]);
    await soon(async () => {
      await ring(second.id);
      expect(await progress(second.id)).toMatchObject({
        leads: { waiting: 1 },
        attempts: { total: 0, blocked: 1 },
      });
    });
    const [lead] = await leadsOf(second.id);
    expect(Date.parse(text(lead?.next_at))).toBeGreaterThan(Date.now());
    expect(dialled()).toEqual([number]);
    expect((await progress(first.id)).attempts.total).toBe(1);
    await as('admin', 'PUT', '/api/autodialer/limits', { body: { calls_per_number_per_day: 3 } });
  });
});

describe('stopping, pausing, resuming', () => {
  it('starts no call after the answer, lets live ones end, and goes on where it was', async () => {
    const { id } = await start({}, fresh(4));
    await soon(async () => expect(bridge.of('slot.call')).toHaveLength(2));
    expect((await command(id, 'pause')).json).toMatchObject({ state: 'paused' });
    await endCall(bridge, 0, 'answered');
    await endCall(bridge, 1, 'answered');
    await soon(async () => expect(await progress(id)).toMatchObject({ leads: { waiting: 2, done: 2 } }));
    await ring(id);
    expect(bridge.of('slot.call')).toHaveLength(2);
    expect(await whyOf(id)).toEqual(['paused']);
    // More leads are taken, and it stays paused.
    expect((await run(id, fresh(1))).json).toMatchObject({ state: 'paused', added: 1 });
    expect((await command(id, 'resume')).json).toMatchObject({ state: 'running' });
    await soon(async () => expect(bridge.of('slot.call')).toHaveLength(4));
    expect((await command(id, 'stop')).json).toMatchObject({ state: 'stopped' });
    expect((await command(id, 'stop')).json).toMatchObject({ state: 'stopped' });
    expect((await command(id, 'resume')).status).toBe(400);
    await endCall(bridge, 2, 'answered');
    await endCall(bridge, 3, 'answered');
    await ring(id);
    expect(bridge.of('slot.call')).toHaveLength(4);
    expect((await run(id)).json).toMatchObject({ state: 'running' });
    await soon(async () => expect(bridge.of('slot.call')).toHaveLength(5));
    await endCall(bridge, 4, 'answered');
  });

  it('goes on after its object was evicted in the middle', async () => {
    const { id } = await start({}, fresh(4));
    await soon(async () => expect(bridge.of('slot.call')).toHaveLength(2));
    await evictDurableObject(campaignObject(id));
    for (let n = 0; n < 4; n += 1) {
      await endCall(bridge, n, 'answered');
      await ring(id);
    }
    await soon(async () => {
      await ring(id);
      expect(await progress(id)).toMatchObject({
        state: 'done',
        results: { answered: 4 },
        attempts: { total: 4 },
      });
    });
    expect(new Set(dialled()).size).toBe(4);
  });
});

describe('why nothing is dialled', () => {
  it('is told of each thing that keeps it', async () => {
    const id = await newCampaign();
    running.push(id);
    expect(await whyOf(id)).toEqual(['draft']);
    await run(id);
    expect(await whyOf(id)).toEqual(['no_leads']);
    bridge.disconnect();
    await run(id, fresh(1));
    await soon(async () => {
      await ring(id);
      expect(await whyOf(id)).toEqual(['bridge_offline']);
    });
    const agents = await newCampaign({ agents_required: true, via: 'phone' });
    running.push(agents);
    await run(agents, fresh(1));
    expect(await whyOf(agents)).toEqual(['no_agents']);
    const later = await newCampaign({ starts_at: new Date(Date.now() + 3_600_000).toISOString() });
    running.push(later);
    await run(later, fresh(1));
    expect(await whyOf(later)).toContain('not_begun');
  });
});

describe('leads', () => {
  it('are checked one by one, with a report of each that was not taken', async () => {
    const [good = ''] = fresh(1);
    const id = await newCampaign({ require_consent: true });
    const consent = 'web form';
    const answer = await as('admin', 'POST', '/api/autodialer/run-campaign', {
      body: {
        campaign_id: id,
        leads: [
          { number: good, consent },
          { number: '12', consent },
          { number: good.replace('+375', '+375 '), consent },
          { number: newLeadNumber(), consent, time_zone: 'Mars/Olympus' },
          { number: newLeadNumber() },
        ],
      },
    });
    running.push(id);
    expect(answer.json).toMatchObject({ received: 5, added: 1, duplicates: 1, invalid: 3, do_not_call: 0 });
    expect(answer.json.problems).toMatchObject([
      { row: 2, problem: 'bad_number' },
      { row: 3, problem: 'duplicate_in_list' },
      { row: 4, problem: 'bad_time_zone' },
      { row: 5, problem: 'no_consent' },
    ]);
    const again = await run(id, [good]);
    expect(again.json).toMatchObject({ added: 0 });
    expect(again.json.problems).toMatchObject([{ problem: 'no_consent' }]);
  });

  it('can be taken out and called once more', async () => {
    const id = await newCampaign();
    running.push(id);
    bridge.disconnect();
    await run(id, fresh(2));
    const [first, second] = await leadsOf(id);
    const path = `/api/autodialer/campaigns/${id}/leads`;
    expect((await as('admin', 'DELETE', `${path}/${text(first?.id)}`)).status).toBe(204);
    expect((await as('admin', 'DELETE', `${path}/${text(first?.id)}`)).status).toBe(404);
    expect((await progress(id)).leads).toMatchObject({ total: 1, waiting: 1, removed: 1 });
    expect((await as('admin', 'POST', `${path}/${text(first?.id)}/retry`)).json).toMatchObject({
      state: 'waiting',
    });
    expect((await as('admin', 'POST', `${path}/999/retry`)).json).toEqual(error('NOT_FOUND'));
    const csv = await as('admin', 'GET', `${path}?format=csv`);
    expect(csv.text.split('\r\n').filter(Boolean)).toHaveLength(3);
    expect(csv.text).toContain(`'${text(second?.number)}`);
    expect(await leadsOf(id, `?q=${text(second?.number).slice(-6)}`)).toHaveLength(1);
  });
});

describe('campaigns', () => {
  it('are made, changed and deleted, each with its row in the audit log', async () => {
    const id = await newCampaign();
    const path = `/api/autodialer/campaigns/${id}`;
    const changed = await as('admin', 'PATCH', path, {
      body: { name: 'Renamed', settings: { max_concurrent: 9 } },
    });
    expect(changed.json).toMatchObject({
      name: 'Renamed',
      version: 2,
      settings: { max_concurrent: 9, calls_per_minute: 30 },
    });
    const wrong = await as('admin', 'PATCH', path, { body: { settings: { trunk: 'trunk-a' } } });
    expect(wrong.json).toMatchObject({ details: { 'settings.trunk': [expect.any(String)] } });
    expect(
      items(await as('admin', 'GET', '/api/autodialer/campaigns?q=renam')).map((one) => one.id),
    ).toContain(id);
    expect((await as('admin', 'DELETE', path)).status).toBe(204);
    expect((await as('admin', 'GET', path)).json).toEqual(error('NOT_FOUND'));
    expect((await run(id)).json).toEqual(error('NOT_FOUND'));
    const log = items(await as('admin', 'GET', `/api/audit?action=campaign&target=${id}`));
    expect(log.map(({ action }) => action)).toEqual([
      'campaign.delete',
      'campaign.update',
      'campaign.create',
    ]);
  });

  it('belong to their tenant', async () => {
    const id = await newCampaign();
    expect((await as('admin2', 'GET', `/api/autodialer/campaigns/${id}`)).json).toEqual(error('NOT_FOUND'));
    const body = { campaign_id: id };
    expect((await as('admin2', 'POST', '/api/autodialer/run-campaign', { body })).json).toEqual(
      error('NOT_FOUND'),
    );
    expect(items(await as('admin2', 'GET', '/api/autodialer/campaigns')).map((one) => one.id)).not.toContain(
      id,
    );
  });

  it('tell the live feed how far they are', async () => {
    const { id } = await start({}, fresh(1));
    await endCall(bridge, 0, 'answered');
    await soon(async () => {
      await ring(id);
      const page = await env.CALL_HUB.getByName(ONE).feed({ viewer: { userId: USERS.admin, scope: 'all' } });
      expect(page.cursor).toBeTruthy();
      const told = await toldOf(id);
      expect(told.at(-1)).toMatchObject({ campaign_id: id, state: 'done', results: { answered: 1 } });
    });
  });
});

async function toldOf(id: string): Promise<Record<string, unknown>[]> {
  const { runInDurableObject } = await import('cloudflare:test');
  return runInDurableObject(env.CALL_HUB.getByName(ONE), (_, { storage }) =>
    storage.sql
      .exec<{ data: string }>(
        "SELECT data FROM feed WHERE event = 'campaign.update' AND call_id = ? ORDER BY offset",
        `campaign:${id}`,
      )
      .toArray()
      .map(({ data }) => JSON.parse(data) as Record<string, unknown>),
  );
}
