import { runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  campaignObject,
  command,
  endCall,
  newCampaign,
  newLeadNumber,
  progress,
  ring,
  run,
  whyOf,
} from '../../test/worker/support/campaign';
import {
  as,
  error,
  items,
  seedPeople,
  send,
  signInPhone,
  text,
  USERS,
} from '../../test/worker/support/dialer';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled, soon } from '../../test/worker/support/slot-rows';
import type { AgentSession } from '../../objects/campaign/contract';

let bridge: SlotBridge;
let running: string[] = [];

beforeAll(seedPeople);
beforeEach(async () => {
  bridge = await enrolled([`P${crypto.randomUUID().slice(0, 6)}`]);
});
afterEach(async () => {
  await agent('leave');
  for (const id of running) await command(id, 'stop');
  running = [];
  expect(bridge.problems).toEqual([]);
  bridge.disconnect();
});

const fresh = (count: number): string[] => Array.from({ length: count }, newLeadNumber);

async function start(settings: Record<string, unknown>, numbers: readonly string[]): Promise<string> {
  const id = await newCampaign({ agents_required: true, ...settings });
  running.push(id);
  expect((await run(id, numbers)).status).toBe(200);
  const joined = await as('op12', 'POST', '/api/autodialer/agent/join', { body: { campaign_id: id } });
  expect(joined).toMatchObject({ status: 200, json: { session: { campaign_id: id, state: 'paused' } } });
  return id;
}

const agent = (deed: string, body?: Record<string, unknown>) =>
  as('op12', 'POST', `/api/autodialer/agent/${deed}`, body === undefined ? {} : { body });
const session = (answer: { json: Record<string, unknown> }): AgentSession =>
  answer.json.session as AgentSession;
const mine = async (): Promise<AgentSession> => session(await as('op12', 'GET', '/api/autodialer/agent'));
const leadsOf = async (id: string) =>
  items(await as('admin', 'GET', `/api/autodialer/campaigns/${id}/leads`));

describe('preview', () => {
  it('shows the next lead, calls it when told to, and is followed by the writing up', async () => {
    const [one = '', two = ''] = fresh(2);
    const id = await start({ mode: 'preview', wrap_up_seconds: 60 }, [one, two]);
    expect(await whyOf(id)).toEqual(['agents_busy']);
    expect(session(await agent('ready'))).toMatchObject({
      state: 'offered',
      lead: { number: one, state: 'offered' },
    });
    expect(bridge.of('slot.call')).toEqual([]);
    expect(session(await agent('call'))).toMatchObject({
      state: 'calling',
      lead: { number: one },
      call_id: expect.any(String) as string,
    });
    // The call is the agent's own.
    const called = session(await agent('ready'));
    const call = await as('op12', 'GET', `/api/call/${text(called.call_id)}`);
    expect(call.json).toMatchObject({ number: one, user: { id: USERS.op12 } });
    await endCall(bridge, 0, 'answered');
    await soon(async () =>
      expect(await mine()).toMatchObject({ state: 'wrap_up', until: expect.any(String) as string }),
    );
    expect((await agent('wrap-up', { disposition: 'nonsense' })).json).toEqual(error('INVALID_PARAMS'));
    const wrapped = await agent('wrap-up', { disposition: 'interested', note: 'Send the offer.' });
    expect(session(wrapped)).toMatchObject({ state: 'offered', lead: { number: two }, calls_today: 1 });
    expect((await leadsOf(id))[0]).toMatchObject({
      state: 'done',
      result: 'answered',
      disposition: 'interested',
      agent_note: 'Send the offer.',
    });
    expect((await progress(id)).dispositions).toEqual({ interested: 1 });
  });

  it('gives a skipped lead back for later, or is done with it', async () => {
    const [one = '', two = ''] = fresh(2);
    const id = await start({ mode: 'preview' }, [one, two]);
    await agent('ready');
    expect(session(await agent('skip', { later_minutes: 30 }))).toMatchObject({ lead: { number: two } });
    expect(session(await agent('skip', { reason: 'a competitor' }))).toMatchObject({
      state: 'ready',
      lead: null,
      why: [{ code: 'waiting_retry', count: 1 }],
    });
    expect(await leadsOf(id)).toMatchObject([
      { state: 'waiting', next_at: expect.any(String) as string },
      { state: 'done', result: 'skipped', agent_note: 'a competitor' },
    ]);
    expect((await agent('call')).json).toEqual(error('INVALID_PARAMS'));
  });

  it('keeps a number off the phones that an agent was asked not to call, and calls back when agreed', async () => {
    const [one = '', two = ''] = fresh(2);
    const id = await start({ mode: 'preview', wrap_up_seconds: 60 }, [one, two]);
    await agent('ready');
    await agent('call');
    // Written while the call goes on: it counts when the call ends.
    const written = await agent('wrap-up', {
      disposition: 'call back',
      callback_at: new Date(Date.now() + 3_600_000).toISOString(),
      do_not_call: false,
    });
    expect(session(written)).toMatchObject({ state: 'calling' });
    await endCall(bridge, 0, 'answered');
    await soon(async () => expect(await mine()).toMatchObject({ state: 'offered', lead: { number: two } }));
    expect((await leadsOf(id))[0]).toMatchObject({ state: 'waiting', disposition: 'call back' });
    await agent('call');
    await endCall(bridge, 1, 'answered');
    await soon(async () => expect(await mine()).toMatchObject({ state: 'wrap_up' }));
    await agent('wrap-up', { do_not_call: true, note: 'never again' });
    const listed = items(await as('admin', 'GET', `/api/autodialer/do-not-call?q=${two.slice(1)}`));
    expect(listed).toMatchObject([{ number: two, reason: 'never again', by: `agent:${USERS.op12}` }]);
  });

  it('takes the lead back from an agent who looks too long or is gone', async () => {
    const id = await start({ mode: 'preview', preview_seconds: 5 }, fresh(1));
    expect(session(await agent('ready'))).toMatchObject({
      state: 'offered',
      until: expect.any(String) as string,
    });
    const age = (ms: number) =>
      runInDurableObject(campaignObject(id), (_, { storage: { sql } }) => {
        for (const { user_id: user, record } of sql
          .exec<{ user_id: string; record: string }>('SELECT * FROM agents')
          .toArray()) {
          const one = JSON.parse(record) as { until: number | null; seenAt: number };
          const older = {
            ...one,
            until: one.until === null ? null : one.until - ms,
            seenAt: one.seenAt - ms,
          };
          sql.exec('UPDATE agents SET record = ? WHERE user_id = ?', JSON.stringify(older), user);
        }
      });
    await age(6_000);
    await ring(id);
    expect(await mine()).toMatchObject({ state: 'paused', lead: null, notice: { code: 'preview_over' } });
    expect((await progress(id)).leads).toMatchObject({ waiting: 1, offered: 0 });
    await agent('ready');
    await age(100_000);
    await ring(id);
    expect(await mine()).toMatchObject({ state: 'paused' });
    expect((await progress(id)).leads).toMatchObject({ waiting: 1, offered: 0 });
  });
});

describe('manual', () => {
  it('gives a lead when it is asked for, the next or a certain one', async () => {
    const numbers = fresh(3);
    const id = await start({ mode: 'manual' }, numbers);
    expect(session(await agent('ready'))).toMatchObject({
      state: 'ready',
      lead: null,
      why: [{ code: 'by_hand' }],
    });
    const third = (await leadsOf(id))[2];
    expect(session(await agent('next', { lead_id: text(third?.id) }))).toMatchObject({
      state: 'offered',
      lead: { number: numbers[2] },
    });
    await agent('pause');
    expect(session(await agent('next', {}))).toMatchObject({ lead: { number: numbers[0] } });
    expect((await agent('next', { lead_id: '4711' })).status).toBe(400);
    await agent('pause');
    expect((await agent('next', { lead_id: '4711' })).json).toEqual(error('NOT_FOUND'));
    await command(id, 'pause');
    expect(session(await agent('next', {}))).toMatchObject({ notice: { code: 'not_running' } });
  });

  it('says why a call may not be made', async () => {
    const [listed = '', one = ''] = fresh(2);
    await start({ mode: 'manual' }, [listed, one]);
    await as('admin', 'POST', '/api/autodialer/do-not-call', { body: { number: listed } });
    await agent('next', {});
    expect(session(await agent('call'))).toMatchObject({ state: 'ready', notice: { code: 'do_not_call' } });
    await agent('next', {});
    bridge.disconnect();
    await soon(async () =>
      expect(session(await agent('call'))).toMatchObject({
        state: 'offered',
        notice: { code: expect.stringMatching(/no_free_slot|refused/) as string },
      }),
    );
    expect(bridge.of('slot.call')).toEqual([]);
  });
});

describe('progressive', () => {
  it('calls on the phone of an agent who is ready, one call for each', async () => {
    const phone = await signInPhone('op12');
    const [one = '', two = ''] = fresh(2);
    const id = await start({ via: 'phone', wrap_up_seconds: 0 }, [one, two]);
    expect(await whyOf(id)).toEqual(['agents_busy']);
    await agent('ready');
    await soon(async () => expect(await mine()).toMatchObject({ state: 'calling', lead: { number: one } }));
    const pulled = await send('GET', '/api/phone/calls/pull/?device_id=device-of-op12&wait_seconds=1', {
      token: phone.access,
    });
    expect(pulled.json).toMatchObject({ phone: one });
    const report = (id: unknown, status: string) =>
      send('POST', '/api/phone/calls/update/', {
        token: phone.access,
        body: {
          call_request_id: id,
          call_status: status,
          call_started_at: new Date().toISOString(),
          call_duration_seconds: 0,
        },
      });
    await report(pulled.json.id, 'no_answer');
    await soon(async () => expect(await mine()).toMatchObject({ state: 'calling', lead: { number: two } }));
    // Stopped before the phone took the command: it does not ring later.
    await command(id, 'stop');
    const late = await send('GET', '/api/phone/calls/pull/?device_id=device-of-op12', {
      token: phone.access,
    });
    expect(late.status).toBe(204);
    await soon(async () =>
      expect(await progress(id)).toMatchObject({ state: 'stopped', leads: { calling: 0 } }),
    );
  });

  it('is only for the agents it names, and for one campaign at a time', async () => {
    const id = await start({ via: 'phone' }, fresh(1));
    const other = await newCampaign({ via: 'phone', agents: [USERS.op13] });
    const joined = await as('op12', 'POST', '/api/autodialer/agent/join', { body: { campaign_id: other } });
    expect(joined.json).toEqual(error('INVALID_PARAMS'));
    const desk = await as('op12', 'GET', '/api/autodialer/agent');
    const offered = (desk.json.campaigns as { id: string }[]).map((one) => one.id);
    expect(offered).toContain(id);
    expect(offered).not.toContain(other);
    const next = await newCampaign({ via: 'phone' });
    await as('op12', 'POST', '/api/autodialer/agent/join', { body: { campaign_id: next } });
    expect(await mine()).toMatchObject({ campaign_id: next });
    expect((await progress(id)).agents).toEqual([]);
    expect(
      (await as('op21', 'POST', '/api/autodialer/agent/join', { body: { campaign_id: next } })).json,
    ).toEqual(error('NOT_FOUND'));
    expect((await as('op13', 'POST', '/api/autodialer/agent/ready')).json).toEqual(error('INVALID_PARAMS'));
  });
});
